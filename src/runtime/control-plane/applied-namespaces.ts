import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileProblem } from "./file-problem.js";

const ending = ".yaml";

/** The declaration of one applied namespace, as YAML with a `namespaces:` list of one. */
export interface Declaration {
  readonly name: string;
  readonly yaml: string;
}

/**
 * Declarations that came over the admin API: a file each, in the state directory. What `put` or `remove` resolved
 * with is on the disk, and a crash in between leaves the old file or the new one, never a part.
 */
export class AppliedNamespaces {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Where a namespace's declaration lies. */
  fileOf(name: string): string {
    return join(this.#directory, name + ending);
  }

  /** Every declaration, by name. */
  async all(): Promise<Declaration[]> {
    const files = (await readdir(this.#directory)).filter((file) => file.endsWith(ending)).sort();
    const names = files.map((file) => file.slice(0, -ending.length));
    return await Promise.all(
      names.map(async (name) => ({ name, yaml: await readFile(this.fileOf(name), "utf8") })),
    );
  }

  /** Keeps declarations, one after another; rejects with a sentence where the disk refuses. */
  async put(declarations: readonly Declaration[]): Promise<void> {
    try {
      for (const { name, yaml } of declarations) await this.#replace(this.fileOf(name), yaml);
      await syncDirectory(this.#directory);
    } catch (reason) {
      throw this.#problem(reason);
    }
  }

  /** Forgets a declaration. Does nothing where there is none. */
  async remove(name: string): Promise<void> {
    try {
      await rm(this.fileOf(name), { force: true });
      await syncDirectory(this.#directory);
    } catch (reason) {
      throw this.#problem(reason);
    }
  }

  async #replace(file: string, yaml: string): Promise<void> {
    const written = `${file}.new`;
    try {
      await writeDurably(written, yaml);
      await rename(written, file);
    } catch (reason) {
      await rm(written, { force: true });
      throw reason;
    }
  }

  #problem(reason: unknown): Error {
    return fileProblem(reason, {
      what: `the namespace is not kept: ${this.#directory}`,
      remedy: "Put the state directory right, then apply again.",
    });
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is only durable once its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
