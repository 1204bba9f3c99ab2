import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type PrismError, textForEyes } from "../../../protocol/index.js";
import { fileProblem } from "../common/file-problem.js";
import { forEachOf } from "../common/for-each-of.js";

const ending = ".yaml";

/** The declaration of one applied namespace, as YAML with a `namespaces:` list of one. */
export interface Declaration {
  readonly name: string;
  readonly yaml: string;
}

/** What is kept of one: its declaration, or why that cannot be read. */
export type Kept = Declaration | { readonly name: string; readonly problem: PrismError };

/** Files that are read at the same time. */
const readsAtOnce = 16;

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

  /** Every declaration, by name. One that cannot be read is told as that, and keeps no other from being served. */
  async all(): Promise<Kept[]> {
    const files = (await readdir(this.#directory)).filter((file) => file.endsWith(ending)).sort();
    const kept: Kept[] = files.map((file) => ({ name: file.slice(0, -ending.length), yaml: "" }));
    await forEachOf([...kept.entries()], readsAtOnce, async ([index, { name }]) => {
      kept[index] = await this.#read(name);
    });
    return kept;
  }

  async #read(name: string): Promise<Kept> {
    const file = this.fileOf(name);
    try {
      // Prism wrote it, of a text.
      return { name, yaml: textForEyes(await readFile(file)) };
    } catch (reason) {
      const remedy = `Put the file right, or forget the namespace with \`prism ns delete ${name}\`.`;
      return { name, problem: fileProblem(reason, { what: file, remedy }) };
    }
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
