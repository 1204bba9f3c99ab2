import type { Statement } from "./statement.js";

/** What a server says where the name is at fault and not the statement. In each case nothing has run. */
const faultsOfNames = new Set([
  // Bound by a name that is not prepared here: its Parse failed, or a pooler lent another server connection.
  "26000",
  // Prepared by somebody else who shares the server connection.
  "42P05",
  // Prepared before the table was altered.
  "0A000",
]);

/** So many names at fault, and the connection prepares no more: a pooler is in between, or the table does not rest. */
const mostGenerations = 8;

/**
 * By which names one connection has its statements prepared. A name says what its statement is (see {@link Statement}),
 * so one that somebody else prepared on a shared server connection can only be the same statement.
 */
export class PreparedNames {
  #prepares: boolean;
  #generation = 0;

  constructor(prepares: boolean) {
    this.#prepares = prepares;
  }

  /** Undefined where the statement is to be parsed anew. */
  of({ name }: Pick<Statement<never>, "name">): string | undefined {
    if (!this.#prepares || name === "") return undefined;
    return this.#generation === 0 ? name : `${name}_${this.#generation}`;
  }

  /** Prepares nothing any more. */
  stop(): void {
    this.#prepares = false;
  }

  /** Whether only the name was at fault, so that the statement can run without one; the next ones get new names. */
  failed(name: string | undefined, sqlState: string): boolean {
    if (!name || !faultsOfNames.has(sqlState)) return false;
    // What was sent under the old names fails too, and is one fault.
    const current = this.#generation === 0 || name.endsWith(`_${this.#generation}`);
    if (current && ++this.#generation > mostGenerations) this.#prepares = false;
    return true;
  }
}
