import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../sdk/index.js";
import type { Connections } from "./connections.js";
import type { Statement } from "./statement.js";

/** Rows deleted in one statement: few enough to hold nobody up. */
const batch = 500;

/** What to sweep, and how often. */
export interface Sweep {
  readonly connections: Connections;
  readonly statement: Statement<[1]>;
  readonly namespace: string;
  readonly everyMs: number;
  readonly log: Log;
}

/** Deletes expired rows now and then, a few at a time, until it is stopped. */
export function sweep({ connections, statement, namespace, everyMs, log }: Sweep): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const sweepOnce = async (): Promise<void> => {
    let rows = batch;
    while (rows === batch && !signal.aborted) {
      rows = (await connections.runSlow(statement, [namespace, batch])).length;
    }
  };
  const run = async (): Promise<void> => {
    for (;;) {
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      // While the server is away somebody else says so.
      if (!connections.up) continue;
      await sweepOnce().catch((reason: unknown) => {
        log.warn("expired keys could not be swept out", { reason: String(reason) });
      });
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
