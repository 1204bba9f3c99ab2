import { setTimeout as sleep } from "node:timers/promises";
import type { Log, PluginError } from "../../sdk/index.js";
import { type Caller, Connection, type ConnectionSettings } from "./connection.js";
import { away, connectFailure } from "./errors.js";
import { reads, type Statement, type Value } from "./statement.js";

const firstDelayMs = 50;
const maxDelayMs = 2000;
/** A server that gives no more connections is not asked again and again while it serves over those it gave. */
const maxGrowDelayMs = 60_000;

const ping = reads<[1]>("ping", "SELECT 1");

/** How many connections, for how long, and what time and chance are. */
export interface PoolSettings {
  readonly size: number;
  readonly idleMs: number;
  /** Done once, on the first connection, before anything else. */
  prepare(connection: Connection): Promise<void>;
  readonly log: Log;
  readonly random?: () => number;
}

/**
 * The connections of one namespace. The first carries the reads and is restored whenever it breaks; the others come and
 * go with the load and carry what may take its time, since a commit holds up what is pipelined behind it. While none is
 * open, calls fail at once.
 */
export class Connections {
  readonly #settings: ConnectionSettings;
  readonly #pool: PoolSettings;
  readonly #closing = new AbortController();
  readonly #idleWatch: NodeJS.Timeout;
  #first: Connection | undefined;
  #others: Connection[] = [];
  #growing: Promise<void> | undefined;
  #growAgainAt = 0;
  #failedToGrow = 0;
  #restoring: Promise<void> | undefined;
  #why: PluginError | undefined;
  #queries = 0;

  /** Connects and prepares. Rejects with a sentence for the operator. */
  static async open(
    settings: ConnectionSettings,
    pool: PoolSettings,
    signal: AbortSignal,
  ): Promise<Connections> {
    const first = await Connection.open(settings, signal);
    try {
      await pool.prepare(first);
    } catch (reason) {
      await first.close();
      throw reason;
    }
    return new Connections(settings, pool, first);
  }

  private constructor(settings: ConnectionSettings, pool: PoolSettings, first: Connection) {
    this.#settings = settings;
    this.#pool = pool;
    this.#first = first;
    this.#adopt(first);
    if (first.isPooled)
      pool.log.info("a pooler stands before PostgreSQL: statements are sent one at a time and not prepared");
    this.#idleWatch = setInterval(() => this.#closeIdle(), pool.idleMs / 2).unref();
  }

  /** Whether the server is there. */
  get up(): boolean {
    return this.#first !== undefined;
  }

  /** What the server says it is. */
  get serverVersion(): string {
    return this.#first?.serverVersion ?? "";
  }

  /** What the plugin tells of its connections. */
  get counters(): { connectionsActive: number; connectionsIdle: number; queriesExecuted: number } {
    const open = this.#open();
    const active = open.filter(({ load }) => load > 0).length;
    return {
      connectionsActive: active,
      connectionsIdle: open.length - active,
      queriesExecuted: this.#queries,
    };
  }

  /** Runs a read beside other reads. */
  read<Row extends readonly unknown[]>(
    statement: Statement<Row>,
    values: Value[],
    caller?: Caller,
  ): Promise<readonly Row[]> {
    const connection = this.#first ?? this.#leastLoaded();
    if (!connection) return Promise.reject(away());
    this.#queries++;
    return connection.run(statement, values, caller);
  }

  /** Runs what may take its time, where the least is under way. */
  runSlow<Row extends readonly unknown[]>(
    statement: Statement<Row>,
    values: Value[],
    caller?: Caller,
  ): Promise<readonly Row[]> {
    const connection = this.#leastLoaded() ?? this.#first;
    if (!connection) return Promise.reject(away());
    if (connection === this.#first || connection.load > 0) this.#grow();
    this.#queries++;
    return connection.run(statement, values, caller);
  }

  /** Resolves when the server answers; rejects with a sentence for the operator when it is away. */
  async ping(): Promise<void> {
    if (!this.#first) throw this.#why ?? away();
    await this.#first.run(ping, []);
  }

  /** Closes all of them. What was sent is answered first, within a grace period. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#idleWatch);
    await Promise.all([this.#restoring, this.#growing]);
    await Promise.all(this.#open().map((connection) => connection.close()));
    this.#first = undefined;
    this.#others = [];
  }

  #open(): Connection[] {
    return this.#first ? [this.#first, ...this.#others] : this.#others;
  }

  #leastLoaded(): Connection | undefined {
    let least: Connection | undefined;
    for (const connection of this.#others) if (!least || connection.load < least.load) least = connection;
    return least;
  }

  /** Cares for a connection that was opened, if it has not broken meanwhile. */
  #adopt(connection: Connection): boolean {
    const onBreak = (reason: PluginError): void => {
      this.#forget(connection);
      this.#why = reason;
      this.#restore();
    };
    if (connection.ended) onBreak(connection.ended);
    else connection.onBreak = onBreak;
    return !connection.ended;
  }

  #forget(connection: Connection): void {
    this.#others = this.#others.filter((other) => other !== connection);
    if (this.#first === connection) this.#first = undefined;
  }

  /** Opens one more, at most one at a time; where that fails, not again for a while. */
  #grow(): void {
    if (this.#growing || this.#others.length >= this.#pool.size - 1) return;
    if (!this.#first || this.#closing.signal.aborted || performance.now() < this.#growAgainAt) return;
    this.#growing = Connection.open(this.#settings, this.#closing.signal)
      .then((connection) => {
        this.#failedToGrow = 0;
        if (this.#adopt(connection)) this.#others.push(connection);
      })
      .catch((reason: unknown) => {
        this.#growAgainAt = performance.now() + this.#delay(this.#failedToGrow++, maxGrowDelayMs);
        this.#pool.log.warn("one more connection could not be opened", { reason: String(reason) });
      })
      .finally(() => (this.#growing = undefined));
  }

  #restore(): void {
    if (this.#first) return;
    this.#restoring ??= this.#restoreFirst().finally(() => (this.#restoring = undefined));
  }

  /** Tries until it succeeds or all is closed, ever more slowly. */
  async #restoreFirst(): Promise<void> {
    const { log } = this.#pool;
    const { signal } = this.#closing;
    log.warn("PostgreSQL is away", { reason: this.#why?.message ?? "" });
    for (let tries = 0; !this.#first && !signal.aborted; tries++) {
      try {
        const first = await Connection.open(this.#settings, signal);
        if (!this.#adopt(first)) continue;
        this.#first = first;
        log.info("PostgreSQL is back", { tries: tries + 1 });
      } catch (reason) {
        this.#why = connectFailure(reason, "");
        await sleep(this.#delay(tries, maxDelayMs), undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  /** Doubles with each try and is never the same twice, so that instances do not come all at once. */
  #delay(tries: number, maxMs: number): number {
    const random = (this.#pool.random ?? Math.random)();
    return Math.min(maxMs, firstDelayMs * 2 ** tries) * (0.5 + random / 2);
  }

  #closeIdle(): void {
    for (const connection of this.#others) {
      if (connection.idleMs < this.#pool.idleMs) continue;
      this.#forget(connection);
      void connection.close();
    }
  }
}
