import type Database from "libsql";
import { type Call, Code, PluginError } from "../../sdk/index.js";
import { explain, isBusy } from "./errors.js";

/** Writes of one transaction at most, so that no turn of the event loop takes long. */
const maxBatch = 512;
/** What may wait while another process holds the lock. */
const maxWaiting = 4096;
const maxWaitingBytes = 64 * 1024 * 1024;
/** How soon the lock is tried again: twice as late each time, up to a bound that is a reader's patience. */
const firstRetryMs = 1;
const maxRetryMs = 25;

/** Whose write it is, and how much it holds while it waits. */
export interface WriteOf {
  readonly call?: Pick<Call, "signal">;
  readonly bytes?: number;
}

/** A write that waits for its commit. */
interface Waiting {
  readonly since: number;
  readonly of: WriteOf;
  apply(): void;
  acknowledge(): void;
  reject(reason: unknown): void;
}

/**
 * Group commit: the writes of one event-loop turn share one transaction, and so one fsync. Each is acknowledged only
 * after the commit, and fails alone. While another process holds the database's lock they wait in their order, at most
 * `lockTimeoutMs` each, and the event loop goes on: reads are served.
 */
export class WriteQueue {
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #inTransaction: () => boolean;
  readonly #lockTimeoutMs: number;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  /** Until when the lock is not tried again; undefined while nobody else holds it. */
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;

  constructor(database: Database.Database, lockTimeoutMs: number) {
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
    this.#inTransaction = () => database.inTransaction;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /**
   * Runs a write in the next transaction. It may read first; to refuse, it throws a PluginError before it has changed
   * anything. It may run a second time when another write spoils the first transaction.
   */
  run<T>(write: () => T, of: WriteOf = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isFull(of)) {
        reject(tooMany());
        return;
      }
      let acknowledge = (): void => undefined;
      const apply = (): void => {
        const result = write();
        acknowledge = () => resolve(result);
      };
      this.#waiting.push({ since: performance.now(), of, apply, acknowledge: () => acknowledge(), reject });
      this.#waitingBytes += of.bytes ?? 0;
      this.#schedule();
    });
  }

  /** Whether another process holds the lock, so that writes wait. */
  get isWaitingForLock(): boolean {
    return this.#retry !== undefined;
  }

  /** Writes that still wait for the lock are refused; nothing of them was written. */
  close(): void {
    clearTimeout(this.#retry);
    for (const write of this.#take(this.#waiting.length)) write.reject(closing());
  }

  #isFull({ bytes = 0 }: WriteOf): boolean {
    if (!this.isWaitingForLock) return false;
    return this.#waiting.length >= maxWaiting || this.#waitingBytes + bytes > maxWaitingBytes;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#retry) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#take(maxBatch);
    if (batch.length === 0) return;
    const busy = this.#transact(batch);
    if (busy === undefined) this.#retryMs = firstRetryMs;
    else this.#tryLater(batch, busy);
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** The first ones that wait. */
  #take(most: number): Waiting[] {
    const taken = this.#waiting.splice(0, most);
    for (const { of } of taken) this.#waitingBytes -= of.bytes ?? 0;
    return taken;
  }

  /** They go first again, once the lock may be free; those that have waited long enough, or for nobody, end. */
  #tryLater(batch: readonly Waiting[], busy: unknown): void {
    const all = [...batch, ...this.#take(this.#waiting.length)];
    const tooOld = performance.now() - this.#lockTimeoutMs;
    const patient = all.filter((write) => {
      const isLeft = write.of.call?.signal.aborted === true;
      if (isLeft) write.reject(left());
      else if (write.since <= tooOld) write.reject(explain(busy));
      else return true;
      return false;
    });
    if (patient.length === 0) return;
    this.#waitAgain(patient);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, maxRetryMs);
  }

  /** Writes a batch, each write told how it ended; returns why where another process holds the lock and nothing was done. */
  #transact(batch: readonly Waiting[]): unknown {
    try {
      this.#begin.run();
    } catch (reason) {
      if (isBusy(reason)) return reason;
      for (const write of batch) write.reject(explain(reason));
      return undefined;
    }
    const refused = new Map<Waiting, PluginError>();
    try {
      for (const write of batch) this.#apply(write, refused);
      this.#commit.run();
    } catch (reason) {
      this.#spoiled(batch, reason);
      return undefined;
    }
    for (const write of batch) {
      const reason = refused.get(write);
      if (reason) write.reject(reason);
      else write.acknowledge();
    }
    return undefined;
  }

  #apply(write: Waiting, refused: Map<Waiting, PluginError>): void {
    try {
      write.apply();
    } catch (reason) {
      if (!(reason instanceof PluginError)) throw reason;
      refused.set(write, reason);
    }
  }

  /** Nothing of the batch was written. Whose fault it was shows when each write gets a transaction of its own. */
  #spoiled(batch: readonly Waiting[], reason: unknown): void {
    // SQLite may have rolled back by itself, as it does when the disk is full.
    if (this.#inTransaction()) this.#rollback.run();
    const [only] = batch;
    if (only && batch.length === 1) only.reject(explain(reason));
    else this.#waitAgain(batch.filter((write) => this.#transact([write]) !== undefined));
  }

  #waitAgain(writes: readonly Waiting[]): void {
    this.#waiting.unshift(...writes);
    for (const { of } of writes) this.#waitingBytes += of.bytes ?? 0;
  }
}

function tooMany(): PluginError {
  const message =
    "another process holds the database's lock, and as much waits for it as may: nothing was written, try again";
  return new PluginError(Code.RESOURCE_EXHAUSTED, message);
}

function left(): PluginError {
  const message = "the caller left while another process held the database's lock: nothing was written";
  return new PluginError(Code.CANCELLED, message);
}

function closing(): PluginError {
  const message = "the namespace closed while another process held the database's lock: nothing was written";
  return new PluginError(Code.UNAVAILABLE, message);
}
