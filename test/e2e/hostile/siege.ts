import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { expect } from "vitest";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { type RunningPrism, servePrism, until } from "../../support/running-prism.js";
import { StockClient } from "../../support/stock-client.js";
import { rawClient, type RawPeer } from "../../wire/raw-peer.js";

/** What one attack may cost the proxy. */
const mostGrownBytes = 64 * 1024 * 1024;
/** A full collection of the heap may take one turn of each process. */
const mostLongTurns = 2;
/** Connections to a plugin are kept once they are there: so many at most. */
const keptConnections = 4;
const tellMs = 10_000;

/** Something a peer does that no peer needs to do. It ends by itself, bounded in time and count. */
export interface Attack {
  readonly what: string;
  /** The reason by which `prism_refused_total` counts it; absent where it is borne. */
  readonly reason?: string;
  /** Who attacks: a client, unless told otherwise. */
  readonly peer?: "client" | "plugin";
  readonly run: (siege: Siege) => Promise<void>;
}

/** What a proxy holds. */
interface Footprint {
  readonly connections: number;
  readonly inFlight: number;
  readonly descriptors: number;
  readonly rssBytes: number;
}

/** A running Prism that is attacked while a neighbour goes on calling. Its namespace is `default`. */
export class Siege {
  readonly prism: RunningPrism;
  readonly neighbour: StockClient;
  readonly port: number;
  readonly #startedAt = performance.now();
  readonly #proxyPid: number;
  readonly #sockets: Socket[] = [];

  /** Serves with `limits`, as YAML within the braces of `server.limits`. */
  static async begin({
    limits = "",
    yaml = memory,
  }: { limits?: string; yaml?: string } = {}): Promise<Siege> {
    const prism = await servePrism({ yaml, serverKeys: `limits: { ${limits} }` });
    const siege = new Siege(prism);
    // What is made at the first calls, and kept, is not the attack's.
    for (let i = 0; i < 300; i++) await siege.neighbour.set("k", "v");
    return siege;
  }

  private constructor(prism: RunningPrism) {
    this.prism = prism;
    this.neighbour = new StockClient(prism.address);
    this.port = Number(prism.address.split(":")[1]);
    this.#proxyPid = proxyOf(prism.child.pid ?? 0);
  }

  async end(): Promise<void> {
    this.leave();
    this.neighbour.close();
    await this.prism.stop();
  }

  /** A connection of the attacker's that has said nothing. */
  dial(): Socket {
    const socket = connect(this.port, "127.0.0.1").on("error", () => undefined);
    this.#sockets.push(socket);
    return socket;
  }

  /** … that has said its preface and these SETTINGS, and has answered Prism's. */
  peer(...pairs: (readonly [id: number, value: number])[]): RawPeer {
    const peer = rawClient(this.port, ...pairs);
    peer.send({ type: FrameType.SETTINGS, flags: Flag.ACK });
    this.#sockets.push(peer.socket);
    return peer;
  }

  /** Every connection of the attacker's is closed. */
  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  /** Holds Prism to what it promises under any attack. */
  async withstand({ reason, peer = "client", run }: Attack): Promise<void> {
    const before = await this.#footprint();
    const longTurns = await this.#longTurns();
    const refused = reason === undefined ? 0 : await this.refused(reason, peer);

    const { answered, grownBytes } = await this.#besiege(run);

    if (reason !== undefined) {
      await until("the refusal to be counted", async () => (await this.refused(reason, peer)) > refused);
      this.#expectLogged(peer, reason);
    }
    this.leave();
    await this.#untilAsBefore(before);
    expect(await this.neighbour.get("k")).toBe("v");
    expect(answered).toBeGreaterThan(0);
    expect((await this.#longTurns()) - longTurns, "turns over 50 ms").toBeLessThanOrEqual(mostLongTurns);
    expect(grownBytes(before)).toBeLessThan(mostGrownBytes);
  }

  /** How often Prism has refused something for a reason. */
  async refused(reason: string, peer = "client"): Promise<number> {
    return await this.metric(`prism_refused_total{peer="${peer}",reason="${reason}"}`);
  }

  /** The value of a series; 0 where there is none. */
  async metric(series: string): Promise<number> {
    const page = await (await fetch(`http://${this.prism.admin}/metrics`)).text();
    const line = page.split("\n").find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  }

  /** Turns of a loop that computed for over 50 ms, the runtime's and the data plane's. */
  async #longTurns(): Promise<number> {
    const of = (kind: string): Promise<number> =>
      this.metric(`prism_event_loop_long_turns_total{process="${kind}"}`);
    return (await of("runtime")) + (await of("proxy"));
  }

  /** Runs an attack while the neighbour calls again and again. */
  async #besiege(
    run: Attack["run"],
  ): Promise<{ answered: number; grownBytes: (before: Footprint) => number }> {
    let isOver = false;
    let answered = 0;
    let peakBytes = 0;
    const neighbour = async (): Promise<void> => {
      do {
        expect(await this.neighbour.get("k")).toBe("v");
        answered++;
        peakBytes = Math.max(peakBytes, rssBytes(this.#proxyPid));
      } while (!isOver);
    };
    const attack = run(this).finally(() => (isOver = true));
    await Promise.all([attack, neighbour()]);
    return { answered, grownBytes: ({ rssBytes: before }) => peakBytes - before };
  }

  async #untilAsBefore(before: Footprint): Promise<void> {
    let now = before;
    await until("connections, calls and descriptors to be as before", async () => {
      now = await this.#footprint();
      return (
        now.connections <= before.connections &&
        now.inFlight === 0 &&
        now.descriptors < before.descriptors + keptConnections
      );
    }).catch((reason: unknown) => {
      throw new Error(`${String(reason)}: ${JSON.stringify({ before, now })}`);
    });
  }

  async #footprint(): Promise<Footprint> {
    return {
      connections: await this.metric("prism_connections"),
      inFlight: await this.metric("prism_calls_in_flight"),
      descriptors: readdirSync(`/proc/${this.#proxyPid}/fd`).length,
      rssBytes: rssBytes(this.#proxyPid),
    };
  }

  /** There is a line, and there are not many. */
  #expectLogged(peer: string, reason: string): void {
    const lines = this.prism
      .output()
      .split("\n")
      .filter((line) => line.includes(`"reason":"${reason}"`) && line.includes(`a ${peer} was refused`));
    const tenSeconds = Math.floor((performance.now() - this.#startedAt) / tellMs);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(1 + tenSeconds);
  }
}

const memory = "namespaces: [{ name: default, backend: memory, plugin: { type: in_process } }]\n";

/** The data-plane process of a runtime. */
function proxyOf(runtime: number): number {
  const children = readFileSync(`/proc/${runtime}/task/${runtime}/children`, "utf8").trim().split(" ");
  const proxy = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("data-plane"));
  if (proxy === undefined) throw new Error(`runtime ${runtime} has no data-plane process`);
  return Number(proxy);
}

function rssBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1];
  return Number(pages) * 4096;
}

/** Until a socket is closed, however: what is written may meet its closed end before the close is heard, which is no fault. */
export function untilGone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => undefined).once("close", () => resolve());
  });
}
