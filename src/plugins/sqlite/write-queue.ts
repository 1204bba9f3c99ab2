import type Database from "libsql";
import { PluginError } from "../../sdk/index.js";
import { explain } from "./errors.js";

/** A write that waits for its commit. */
interface Waiting {
  apply(): void;
  acknowledge(): void;
  reject(reason: unknown): void;
}

/**
 * Group commit: the writes of one event-loop turn share one transaction, and so one fsync. Each is acknowledged only
 * after the commit, and fails alone.
 */
export class WriteQueue {
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #inTransaction: () => boolean;
  readonly #waiting: Waiting[] = [];

  constructor(database: Database.Database) {
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
    this.#inTransaction = () => database.inTransaction;
  }

  /**
   * Runs a write in the next transaction. It may read first; to refuse, it throws a PluginError before it has changed
   * anything. It may run a second time when another write spoils the first transaction.
   */
  run<T>(write: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let acknowledge = (): void => undefined;
      const apply = (): void => {
        const result = write();
        acknowledge = () => resolve(result);
      };
      if (this.#waiting.push({ apply, acknowledge: () => acknowledge(), reject }) === 1) {
        setImmediate(() => this.#flush(this.#waiting.splice(0)));
      }
    });
  }

  #flush(batch: readonly Waiting[]): void {
    try {
      this.#begin.run();
    } catch (reason) {
      for (const write of batch) write.reject(explain(reason));
      return;
    }
    const refused = new Map<Waiting, PluginError>();
    try {
      for (const write of batch) this.#apply(write, refused);
      this.#commit.run();
    } catch (reason) {
      this.#spoiled(batch, reason);
      return;
    }
    for (const write of batch) {
      const reason = refused.get(write);
      if (reason) write.reject(reason);
      else write.acknowledge();
    }
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
    else for (const write of batch) this.#flush([write]);
  }
}
