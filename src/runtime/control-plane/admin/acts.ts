import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { operatorTokenField, operatorTokenFile, PrismError } from "../../../protocol/index.js";
import { fileProblem } from "../common/file-problem.js";

/** Who may change something by the operators' port. */
export interface Acts {
  /** The request field that shows the token. */
  readonly field: string;
  /** Throws where who shows this may not. */
  assertMay(shown: string | undefined): void;
}

/** Whoever reaches the port may: a Unix socket's mode has asked already. */
export const actsOfAll: Acts = { field: operatorTokenField, assertMay: () => undefined };

/**
 * Whoever can read a file that only Prism's own user can, and root. Over TCP the system does not tell who asks, and a
 * namespace runs programs as Prism's user: so what a request changes takes a token, which is another one at each start.
 */
export class ActsOfUser implements Acts {
  readonly field = operatorTokenField;
  readonly #path: string;
  #token: string | undefined;

  constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, operatorTokenFile);
  }

  /**
   * Writes the token where those may read it who may act. It says for which address it is, so that nobody who listens
   * elsewhere is shown it.
   */
  async begin(address: string): Promise<void> {
    const token = `${address}/${randomBytes(32).toString("base64url")}`;
    try {
      await this.#write(`${token}\n`);
    } catch (reason) {
      throw fileProblem(reason, {
        what: `server.state_dir: the operators' token ${this.#path}`,
        remedy: "Point server.state_dir (or --state-dir) to another directory, or put this one right.",
      });
    }
    this.#token = token;
  }

  /** Nobody may act from now on. Safe to call twice. */
  async end(): Promise<void> {
    if (this.#token === undefined) return;
    this.#token = undefined;
    await rm(this.#path, { force: true });
  }

  assertMay(shown: string | undefined): void {
    if (shown !== undefined && this.#token !== undefined && isSame(shown, this.#token)) return;
    const what = shown === undefined ? "shows no token" : "shows a token that is not this Prism's";
    const message = `this changes something, and the request ${what}: send the text of ${this.#path} in the header ${this.field}; \`prism\` does so as Prism's own user`;
    throw new PrismError("forbidden", message, { info: { token_file: this.#path } });
  }

  /** What lies there already, a link too, is replaced and not followed, and nobody reads half of it. */
  async #write(text: string): Promise<void> {
    const fresh = `${this.#path}.new`;
    await rm(fresh, { force: true });
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(fresh, this.#path);
  }
}

/** In a time that tells nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
