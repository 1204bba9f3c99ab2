import { connect, type Socket } from "node:net";
import { expect } from "vitest";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { type RunningPrism, servePrism, until } from "../../support/running-prism.js";
import { StockClient } from "../../support/stock-client.js";
import { rawClient, type RawPeer } from "../../wire/raw-peer.js";
import { Holdings, type Process, processesOf } from "./processes.js";

/** What a process may grow by while one attack goes on. */
const mostGrownBytes = 64 * 1024 * 1024;
/** A full collection of the heap takes one turn of each process, and on a slow machine two. */
const mostLongTurns = 4;
/** Within this a neighbour's call is answered, whatever goes on. */
const neighbourMs = 1000;
const tellMs = 10_000;

/** Something a peer does that no peer needs to do. It ends by itself, bounded in time and count. */
export interface Attack {
  readonly what: string;
  /** The reason by which `prism_refused_total` counts it; absent where it is borne. */
  readonly reason?: string;
  /** Who attacks: a client, unless told otherwise. */
  readonly peer?: "client" | "plugin";
  /** The role of the process that the attack is against, or comes from: Prism may replace it. No other. */
  readonly attacked?: string;
  /** What a plugin may grow by meanwhile, where docs/limits.md lets it hold more than 64 MiB. */
  readonly pluginGrownBytes?: number;
  /** Turns over 50 ms that it is known to cost; absent where there are no more than collections of the heap. */
  readonly longTurns?: number;
  readonly run: (siege: Siege) => Promise<void>;
}

/** A running Prism that is attacked while a neighbour goes on calling. Its namespace is `default`. */
export class Siege {
  readonly prism: RunningPrism;
  readonly neighbour: StockClient;
  readonly port: number;
  readonly #startedAt = performance.now();
  readonly #sockets: Socket[] = [];

  /** Serves with `limits`, as YAML within the braces of `server.limits`. */
  static async begin({
    limits = "",
    yaml = memory,
  }: { limits?: string; yaml?: string } = {}): Promise<Siege> {
    const prism = await servePrism({ yaml, serverKeys: `limits: { ${limits} }` });
    const siege = new Siege(prism);
    // What is made at the first calls, and kept, is not the attack's.
    for (let i = 0; i < 300; i++) {
      await siege.neighbour.set("k", "v");
      await siege.neighbour.get("k");
    }
    return siege;
  }

  private constructor(prism: RunningPrism) {
    this.prism = prism;
    this.neighbour = new StockClient(prism.address);
    this.port = Number(prism.address.split(":")[1]);
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
  async withstand(attack: Attack): Promise<void> {
    const { reason, peer = "client", attacked } = attack;
    const spared = this.#processes().filter(({ role }) => role !== attacked);
    const connections = await this.metric("prism_connections");
    const longTurns = await this.#longTurns();
    const refused = reason === undefined ? 0 : await this.refused(reason, peer);
    const holdings = new Holdings(spared);

    await this.#besiege(attack, holdings);

    if (reason !== undefined) {
      await until("the refusal to be counted", async () => (await this.refused(reason, peer)) > refused);
      this.#expectLogged(peer, reason);
    }
    await this.#untilLeft(connections);
    expect(
      this.#processes().filter(({ role }) => role !== attacked),
      "processes that were not attacked",
    ).toEqual(spared);
    expect((await this.#longTurns()) - longTurns, "turns over 50 ms").toBeLessThanOrEqual(
      attack.longTurns ?? mostLongTurns,
    );
    expectSmall(holdings, attack);
    await holdings.untilBack();
    await this.#callOfNeighbour(attack);
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

  /** Runs an attack while the neighbour calls again and again, at least once. */
  async #besiege(attack: Attack, holdings: Holdings): Promise<void> {
    let isOver = false;
    const neighbour = async (): Promise<void> => {
      do {
        await this.#callOfNeighbour(attack);
        holdings.look();
      } while (!isOver);
    };
    const attacking = attack.run(this).finally(() => (isOver = true));
    // An attack whose neighbour was hurt is over before the next one begins.
    const ends = await Promise.allSettled([attacking, neighbour()]);
    this.leave();
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** One call, and it is answered in time. */
  async #callOfNeighbour({ what }: Attack): Promise<void> {
    const value = await this.neighbour.get("k", { deadlineMs: neighbourMs }).catch((cause: unknown) => {
      throw new Error(`${what}: a neighbour's call was not answered within ${neighbourMs} ms`, { cause });
    });
    expect(value).toBe("v");
  }

  #processes(): Process[] {
    return processesOf(this.prism.child.pid ?? 0);
  }

  async #untilLeft(connections: number): Promise<void> {
    await until(
      "connections and calls to be as before",
      async () =>
        (await this.metric("prism_connections")) <= connections &&
        (await this.metric("prism_calls_in_flight")) === 0,
    );
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

/** No process has grown by more than an attack may cost it. */
function expectSmall(holdings: Holdings, { pluginGrownBytes = mostGrownBytes }: Attack): void {
  for (const { role, bytes } of holdings.mostGrown()) {
    const most = role.startsWith("plugin") ? pluginGrownBytes : mostGrownBytes;
    expect(bytes, `bytes by which the ${role} has grown`).toBeLessThan(most);
  }
}

/** Until a socket is closed, however: what is written may meet its closed end before the close is heard, which is no fault. */
export function untilGone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => undefined).once("close", () => resolve());
  });
}
