import { lstat, stat } from "node:fs/promises";
import { PrismError } from "../../protocol/index.js";

/** Whose socket it must be. */
export interface SocketOwner {
  readonly namespace: string;
  /** The plugin's process, 0 = a thread of this one. */
  readonly pid: number;
}

/**
 * Holds what a plugin says it listens on to be a socket of its own, looked at without following links: a link would lead
 * its namespace's calls to a neighbour. Rejects with kind `pluginFault` and what it is instead.
 */
export async function assertOwnSocket(path: string, { namespace, pid }: SocketOwner): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  const wrong = async (): Promise<string | undefined> => {
    // Whoever dials says so.
    if (!found) return undefined;
    if (found.isSymbolicLink()) return "which is a link";
    if (!found.isSocket()) return "which is no socket";
    const owners = [process.getuid?.(), pid === 0 ? undefined : await userOf(pid)];
    return owners.includes(found.uid) ? undefined : `which belongs to user ${found.uid}`;
  };
  const what = await wrong();
  if (what === undefined) return;
  throw new PrismError(
    "pluginFault",
    `the plugin of namespace "${namespace}" says that it listens on ${JSON.stringify(path)}, ${what}: listen on the path in PLUGIN_SOCKET yourself`,
  );
}

/** The user that a process runs as, undefined where it is gone or the system does not tell. */
async function userOf(pid: number): Promise<number | undefined> {
  return (await stat(`/proc/${pid}`).catch(() => undefined))?.uid;
}
