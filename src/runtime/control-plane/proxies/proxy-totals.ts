import { type LoopDelays, sumDelays } from "../../../protocol/index.js";
import type { CallCounter, ProxyCounters, RefusalCounter } from "../../model/proxy-messages.js";
import type { Ledger } from "../../model/route-table.js";

/** Instances of which the account by ended proxies is kept; one is asked for soon after, when it is drained. */
const keptLedgers = 1_000;
const empty: Ledger = { started: 0, completed: 0, failed: 0, cut: 0 };

/** What proxies counted that have ended, so that no figure ever goes down. */
export class ProxyTotals {
  #calls: readonly CallCounter[] = [];
  #refused: readonly RefusalCounter[] = [];
  #loop: LoopDelays = sumDelays([]);
  readonly #ledgers = new Map<string, Ledger>();

  /**
   * Adds the last counters of a proxy that has ended. Its calls in flight ended with it: they count as cut. Calls that
   * began after it was last asked are in no account, neither as started nor as ended.
   */
  bury({ calls, refused, ledgers, loop }: ProxyCounters): void {
    this.#calls = sumCalls([this.#calls, calls]);
    this.#refused = sumRefused([this.#refused, refused]);
    if (loop) this.#loop = sumDelays([this.#loop, loop]);
    for (const [instance, { started, completed, failed }] of Object.entries(ledgers)) {
      const ended = { started, completed, failed, cut: started - completed - failed };
      this.#ledgers.set(instance, addLedgers(this.ledgerOf(instance), ended));
    }
    for (const instance of this.#ledgers.keys()) {
      if (this.#ledgers.size <= keptLedgers) break;
      this.#ledgers.delete(instance);
    }
  }

  /** Calls of ended proxies and of these. */
  callsWith(living: readonly ProxyCounters[]): readonly CallCounter[] {
    return sumCalls([this.#calls, ...living.map(({ calls }) => calls)]);
  }

  /** What ended proxies and these refused. */
  refusedWith(living: readonly ProxyCounters[]): readonly RefusalCounter[] {
    return sumRefused([this.#refused, ...living.map(({ refused }) => refused)]);
  }

  /** How the event loops of ended proxies and of these fare. */
  loopWith(living: readonly ProxyCounters[]): LoopDelays {
    return sumDelays([this.#loop, ...living.flatMap(({ loop }) => loop ?? [])]);
  }

  /** An instance's account by ended proxies. */
  ledgerOf(instance: string): Ledger {
    return this.#ledgers.get(instance) ?? empty;
  }

  /** An instance is drained and its account closed. */
  close(instance: string): void {
    this.#ledgers.delete(instance);
  }
}

/** Adds up accounts of one instance. */
export function addLedgers(...ledgers: readonly Ledger[]): Ledger {
  return ledgers.reduce(
    (sum, ledger) => ({
      started: sum.started + ledger.started,
      completed: sum.completed + ledger.completed,
      failed: sum.failed + ledger.failed,
      cut: sum.cut + ledger.cut,
    }),
    empty,
  );
}

function sumCalls(lists: readonly (readonly CallCounter[])[]): readonly CallCounter[] {
  return sumRows(lists, ({ namespace, operation, code }) => [namespace, operation, code], addCalls);
}

function sumRefused(lists: readonly (readonly RefusalCounter[])[]): readonly RefusalCounter[] {
  const add = (sum: RefusalCounter, { count }: RefusalCounter): RefusalCounter => ({
    ...sum,
    count: sum.count + count,
  });
  return sumRows(lists, ({ peer, reason }) => [peer, reason], add);
}

/** One row for all that have the same labels. */
function sumRows<Row>(
  lists: readonly (readonly Row[])[],
  labels: (row: Row) => readonly string[],
  add: (sum: Row, row: Row) => Row,
): readonly Row[] {
  const sums = new Map<string, Row>();
  for (const row of lists.flat()) {
    const key = JSON.stringify(labels(row));
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : add(sum, row));
  }
  return [...sums.values()];
}

function addCalls(sum: CallCounter, call: CallCounter): CallCounter {
  return {
    ...sum,
    count: sum.count + call.count,
    sumMs: sum.sumMs + call.sumMs,
    buckets: sum.buckets.map((count, bucket) => count + (call.buckets[bucket] ?? 0)),
  };
}
