import { availableParallelism } from "node:os";
import { join } from "node:path";
import { connect } from "../../src/client/index.js";
import { type RunningPrism, servePrism } from "../../test/support/running-prism.js";
import { Book } from "./book.js";
import { Disturbances, reload } from "./disturbances.js";
import { report, type SoakReport } from "./report.js";
import { descriptorsOf, roles } from "./roles.js";
import { http } from "./traffic/http.js";
import { large, read, readOne, small, write } from "./traffic/keys.js";
import { streams } from "./traffic/streams.js";
import { Watch } from "./watch.js";
import { type NamespaceName, namespaces, pause, type World } from "./world.js";
import { Writes } from "./writes.js";

/** How long, and who hears of it. */
export interface SoakRequest {
  readonly seconds: number;
  /** Ends the load early; the report follows all the same. */
  readonly signal: AbortSignal;
  /** One line every few seconds. */
  readonly tell: (line: string) => void;
}

const root = new URL("../..", import.meta.url).pathname;
const yaml = `
plugins: [{ name: echo, library: "${join(root, "bench/soak/echo-plugin.js")}" }]
namespaces:
  - { name: ${namespaces.store}, backend: sqlite, plugin: { start_timeout_ms: 60s } }
  - { name: ${namespaces.cache}, backend: memory, plugin: { start_timeout_ms: 60s } }
  - { name: ${namespaces.echo}, backend: echo, plugin: { start_timeout_ms: 60s } }
`;
const tellEveryMs = 5_000;
/** Between two disturbances: a short soak has them all, a long one is in no hurry. */
const disturbanceEveryMs = { least: 500, most: 15_000 };
const writers = 4;
/** Longer than Prism waits for a connection to say what it speaks. */
const atRestMs = 20_000;

/** Serves a Prism, keeps it busy and hurts it for a while, and reports whether it bore that. */
export async function soak(request: SoakRequest): Promise<SoakReport> {
  const proxies = Math.max(1, availableParallelism() - 1);
  const prism = await servePrism({ yaml, proxies, detached: true });
  try {
    return await soakIt(prism, request);
  } finally {
    await prism.stop();
  }
}

async function soakIt(prism: RunningPrism, { seconds, signal, tell }: SoakRequest): Promise<SoakReport> {
  const [book, writes] = [new Book(), new Writes()];
  const began = performance.now();
  const disturbances = new Disturbances();
  // However short, every disturbance has its turn.
  const isOver = (): boolean => performance.now() - began >= seconds * 1000 && disturbances.rounds > 0;
  const going = (): boolean => !signal.aborted && !isOver();
  const world: World = { address: prism.address, book, writes, going };
  const runtime = prism.child.pid ?? 0;
  const watch = new Watch({ runtime, admin: prism.admin });
  const before = await watch.ask();
  const descriptorsBefore = countDescriptors(runtime);
  watch.start(Math.min(5_000, (seconds * 1000) / 60));
  const telling = setInterval(() => tell(progress(world, watch, began)), tellEveryMs);
  const everyMs = Math.min(
    disturbanceEveryMs.most,
    Math.max(disturbanceEveryMs.least, (seconds * 1000) / 16),
  );
  try {
    const victim = { ...prism, runtime, book };
    await Promise.all([disturbances.run(victim, { everyMs, going }), ...allTraffic(world)]);
  } finally {
    clearInterval(telling);
  }
  const series = watch.stop();
  const ran = (performance.now() - began) / 1000;
  book.settle();
  await verifyWrites(world);
  const after = await atRest(watch, before.connections);
  const descriptorsAfter = countDescriptors(runtime);
  for (const namespace of Object.values<NamespaceName>(namespaces))
    disturbances.done.reloads.push(await reload(prism, namespace));
  const rest = { before, after, descriptorsBefore, descriptorsAfter };
  return report({ seconds: ran, book, writes, done: disturbances.done, series, rest });
}

function allTraffic(world: World): Promise<void>[] {
  const callers = Array.from({ length: writers }, (_, i) => write(world, i));
  const rest = [read, read, small, small, small, large, http, http, streams, streams];
  return [...callers, ...rest.map((traffic) => traffic(world))];
}

/** Reads every key that was written: what was acknowledged must be there. */
async function verifyWrites(world: World): Promise<void> {
  const client = connect({ address: world.address });
  const store = client.keyValue(namespaces.store);
  for (const key of world.writes.keys) await readOne(world, store, key);
  client.close();
  world.book.settle();
}

/** What Prism says of itself once its clients have left; soon, or as it is after a while. */
async function atRest(watch: Watch, connections: number): Promise<Awaited<ReturnType<Watch["ask"]>>> {
  const end = performance.now() + atRestMs;
  for (;;) {
    const told = await watch.ask();
    const isQuiet = told.inFlight === 0 && told.connections <= connections;
    if (isQuiet || performance.now() > end) return told;
    await pause(100);
  }
}

/** Descriptors of the data plane: what clients and plugins leave behind would be there. */
function countDescriptors(runtime: number): number {
  return roles(runtime)
    .filter(({ role }) => role === "data plane")
    .reduce((sum, { pid }) => sum + (descriptorsOf(pid) ?? 0), 0);
}

function progress({ book, writes }: World, watch: Watch, began: number): string {
  book.settle();
  const seconds = Math.round((performance.now() - began) / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const latest = watch.latest();
  const plane = `data plane ${Math.round(latest.get("data plane: memory, MiB") ?? 0)} MiB, ${latest.get("data plane: descriptors") ?? 0} descriptors`;
  const calls = `${book.total} calls, ${book.left} left, ${book.excused} cut by kills, ${book.unexplainedCount} unexplained`;
  return `${time} ${calls}; ${writes.acknowledgedCount} writes, ${writes.losses.length} lost; ${plane}`;
}
