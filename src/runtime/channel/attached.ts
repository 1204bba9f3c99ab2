import { setTimeout as wait } from "node:timers/promises";
import { PrismError, systemProblem } from "../../protocol/index.js";
import type { LaunchedPlugin, LaunchRequest } from "./channel.js";
import { dial, type Dialled } from "./dial.js";

const firstWaitMs = 20;
const longestWaitMs = 1000;

/**
 * Gets hold of a plugin that somebody else starts: dials its socket until somebody listens there, or the signal aborts.
 * It has ended when its connection is lost; whoever listens then may be another process and must be initialized again.
 */
export async function attach(
  { namespace, token }: LaunchRequest,
  socket: string,
  signal: AbortSignal,
): Promise<LaunchedPlugin> {
  const { connection, closed } = await dialUntilThere(socket, namespace, signal);
  return {
    socket,
    token,
    pid: 0,
    ended: closed.then((reason) => `closed its connection${reason === "" ? "" : `: ${reason}`}`),
    lastWords: () => "",
    terminate: async () => {
      connection.destroy();
      await closed;
    },
  };
}

async function dialUntilThere(socket: string, namespace: string, signal: AbortSignal): Promise<Dialled> {
  let last = "it was not tried yet";
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      signal.throwIfAborted();
      return await dial(socket, signal);
    } catch (reason) {
      if (signal.aborted) throw nobodyThere(socket, namespace, last);
      last = whyNot(reason);
    }
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

function nobodyThere(socket: string, namespace: string, last: string): PrismError {
  return new PrismError(
    "pluginAway",
    `the plugin of namespace "${namespace}" is not there: ${last} (${socket}); start it, or correct plugin.socket`,
  );
}

function whyNot(reason: unknown): string {
  return systemProblem(reason, here).why;
}

const here = {
  ENOENT: ["there is no such socket", ""],
  EACCES: ["Prism may not open the socket", ""],
} as const;
