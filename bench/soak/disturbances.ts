import { join } from "node:path";
import { connect, type PrismClient } from "../../src/client/index.js";
import { Data } from "../../src/protocol/gen/prism/data/v1/data_pb.js";
import { operatorToken } from "../../test/support/operator-token.js";
import type { Book } from "./book.js";
import { dataPlanePids, pluginPids } from "./roles.js";
import { type NamespaceName, namespaces, pause } from "./world.js";

/** The account of the instance that a reload replaced, as the admin API tells it. */
export interface Reloaded {
  readonly namespace: NamespaceName;
  readonly ledger: Readonly<Record<"started" | "completed" | "failed" | "cut" | "lost", number>>;
}

/** What was done to Prism. */
export interface Done {
  readonly reloads: Reloaded[];
  /** Milliseconds from each SIGKILL until the namespace was served again. */
  readonly pluginKills: { readonly namespace: NamespaceName; readonly servedAfterMs: number }[];
  readonly proxyKills: { readonly servedAfterMs: number }[];
}

/** Whom to disturb. */
export interface Victim {
  readonly address: string;
  readonly admin: string;
  /** Where it serves from: its state lies in `state`. */
  readonly directory: string;
  readonly runtime: number;
  readonly book: Book;
}

type Disturbance = (victim: Victim, done: Done) => Promise<void>;

/** In this order, again and again. A plugin falls once a round: five falls within a minute would be a crash loop. */
const program: readonly Disturbance[] = [
  reloading(namespaces.store),
  killing(namespaces.echo),
  reloading(namespaces.cache),
  killing(namespaces.store),
  reloading(namespaces.echo),
  killProxy,
  killing(namespaces.cache),
];
const serveAgainMs = 30_000;
const echoed = { operation: "echo", params: { case: "rawParams" as const, value: Buffer.from("any") } };

/** What is done to a Prism under load, one thing at a time. */
export class Disturbances {
  readonly done: Done = { reloads: [], pluginKills: [], proxyKills: [] };
  #count = 0;

  /** How often everything has had its turn. */
  get rounds(): number {
    return Math.floor(this.#count / program.length);
  }

  /** Disturbs until it is told to stop. */
  async run(victim: Victim, { everyMs, going }: { everyMs: number; going: () => boolean }): Promise<void> {
    while (going()) {
      const next = performance.now() + everyMs;
      while (going() && performance.now() < next) await pause(20);
      if (!going()) return;
      await program[this.#count % program.length]?.(victim, this.done);
      this.#count++;
    }
  }
}

/** Replaces an instance and gives the old one's account. */
export async function reload(
  { admin, directory }: Pick<Victim, "admin" | "directory">,
  namespace: NamespaceName,
): Promise<Reloaded> {
  const response = await fetch(`http://${admin}/admin/plugin/reload`, {
    method: "POST",
    headers: await operatorToken(join(directory, "state")),
    body: JSON.stringify({ namespace }),
  });
  const answer = (await response.json()) as Reloaded;
  if (!response.ok) throw new Error(`a reload of "${namespace}" failed: ${JSON.stringify(answer)}`);
  return { namespace, ledger: answer.ledger };
}

function reloading(namespace: NamespaceName): Disturbance {
  return async (victim, { reloads }) => void reloads.push(await reload(victim, namespace));
}

function killing(namespace: NamespaceName): Disturbance {
  return async (victim, { pluginKills }) => {
    const outage = victim.book.outage(namespace);
    const servedAfterMs = await kill(victim, pluginPids(victim.runtime, namespace), namespace);
    victim.book.end(outage);
    pluginKills.push({ namespace, servedAfterMs });
  };
}

async function killProxy(victim: Victim, { proxyKills }: Done): Promise<void> {
  const outage = victim.book.outage(undefined);
  const servedAfterMs = await kill(victim, dataPlanePids(victim.runtime), namespaces.store);
  victim.book.end(outage);
  proxyKills.push({ servedAfterMs });
}

/** Kills processes, and waits until a call to the namespace is answered again. */
async function kill({ address }: Victim, pids: readonly number[], namespace: NamespaceName): Promise<number> {
  const killedAt = performance.now();
  for (const pid of pids) process.kill(pid, "SIGKILL");
  const client = connect({ address });
  try {
    while (!(await answers(client, namespace))) {
      if (performance.now() - killedAt > serveAgainMs)
        throw new Error(`"${namespace}" is not served ${serveAgainMs} ms after a SIGKILL`);
      await pause(10);
    }
  } finally {
    client.close();
  }
  return performance.now() - killedAt;
}

/** Whether a call to the namespace is answered by its plugin. */
async function answers(client: PrismClient, namespace: NamespaceName): Promise<boolean> {
  const options = { namespace, deadlineMs: 1_000 };
  try {
    if (namespace !== namespaces.echo) await client.keyValue(namespace).exists("any", options);
    else await client.unary(Data.method.execute, echoed, options);
    return true;
  } catch {
    return false;
  }
}
