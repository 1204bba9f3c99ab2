import { ErrorCode, type Refusal } from "../../../wire/index.js";
import type { Log } from "../../model/log.js";
import type { RefusalCounter } from "../../model/proxy-messages.js";

/** What a data plane refuses beyond what the wire does: keys of `server.limits`, and of `server`. */
export type RefusalReason = Refusal | "connections" | "header_fields" | "request_ms" | ServerKey;
type ServerKey = "tls" | "proxy_protocol";

/** One refusal. */
export interface Refused {
  readonly peer: RefusalCounter["peer"];
  readonly reason: RefusalReason;
  readonly message: string;
  /** Who it was: a client's address, or a plugin instance. */
  readonly from: string;
}

/** One line a peer and reason this often at most: a flood must not become a flood of lines. */
const tellMs = 10_000;
/** What is told of a message; header names are of the peer's making. */
const longestMessage = 200;

const articles: Readonly<Record<RefusalCounter["peer"], string>> = {
  client: "a",
  plugin: "a",
  operator: "an",
};

interface Tally {
  readonly peer: RefusalCounter["peer"];
  readonly reason: RefusalReason;
  count: number;
  toldAt: number;
}

/** Counts what clients and plugins are refused, by reason, and tells the log now and then. */
export class PeerRefusals {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #tallies = new Map<string, Tally>();

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Counts one. */
  add(refused: Refused): void {
    const { peer, reason } = refused;
    const key = `${peer} ${reason}`;
    const tally = this.#tallies.get(key) ?? { peer, reason, count: 0, toldAt: -Infinity };
    this.#tallies.set(key, tally);
    tally.count++;
    const now = this.#now();
    if (now - tally.toldAt < tellMs) return;
    tally.toldAt = now;
    this.#tell(refused, tally.count);
  }

  /** All that has been counted. */
  counters(): RefusalCounter[] {
    return [...this.#tallies.values()].map(({ peer, reason, count }) => ({ peer, reason, count }));
  }

  #tell({ peer, reason, message, from }: Refused, count: number): void {
    if (reason === "internal_error") {
      this.#log.error(`a bug has ended the connection of ${articles[peer]} ${peer}`, {
        peer: from,
        error: message,
        count,
      });
      return;
    }
    const limit = isLimit(reason) ? { limit: `server.limits.${reason}` } : {};
    const said = message.slice(0, longestMessage).replace(/[^ -~]/g, "?");
    this.#log.warn(`${articles[peer]} ${peer} was refused: ${said}`, { peer: from, reason, ...limit, count });
  }
}

const serverKeys: readonly string[] = ["tls", "proxy_protocol"] satisfies ServerKey[];

/** What is no key is the name of an error code. */
function isLimit(reason: RefusalReason): boolean {
  return !serverKeys.includes(reason) && !Object.hasOwn(ErrorCode, reason.toUpperCase());
}
