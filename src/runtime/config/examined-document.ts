import type { JsonValue } from "../model/namespace.js";
import { valueAt } from "./json.js";
import { type ConfigProblem, ConfigProblems, mostProblems } from "./problems.js";
import type { Finding, Path, Place, PlacedFinding } from "./finding.js";
import type { YamlDocument } from "./yaml-document.js";

/** A document under examination: its values as they are, and what was found wrong with them so far. */
export class ExaminedDocument {
  readonly value: JsonValue;
  readonly #yaml: YamlDocument;
  readonly #found: PlacedFinding[];
  readonly #lost: ReadonlySet<string>;
  readonly #wrong = new Set<string>();

  constructor(yaml: YamlDocument) {
    this.value = yaml.value;
    this.#yaml = yaml;
    this.#found = yaml.problems.slice(0, mostProblems + 1);
    const lost = this.#found.filter(({ isLost }) => isLost);
    this.#lost = new Set(lost.map(({ path }) => JSON.stringify(path)));
  }

  /** Whether the values can be relied on, so that checks have something to check. */
  get isReadable(): boolean {
    return this.#yaml.isReadable;
  }

  /** More is wrong than is ever told, so that nothing more need be looked for. */
  get isFull(): boolean {
    return this.#found.length > mostProblems;
  }

  /** Adds what a check found. */
  tell(findings: Iterable<Finding>): void {
    for (const finding of findings) {
      if (this.isFull) return;
      if (this.#lost.has(JSON.stringify(finding.path))) continue;
      this.#found.push({ ...finding, place: this.#yaml.placeOf(finding.path, finding.at) });
      for (let length = 0; length <= finding.path.length; length++)
        this.#wrong.add(JSON.stringify(finding.path.slice(0, length)));
    }
  }

  /** Whether something at the path, or within it, is wrong already: a check that builds on it would only repeat that. */
  isWrong(...path: Path): boolean {
    return this.#wrong.has(JSON.stringify(path));
  }

  /** The value at a path, undefined where there is none. */
  at(...path: Path): JsonValue | undefined {
    return valueAt(this.value, path);
  }

  /** The line in which a path's value stands. */
  lineOf(...path: Path): number {
    return this.#yaml.placeOf(path).line;
  }

  /** Throws {@link ConfigProblems} with all that was found, in the order of the text; returns if nothing was. */
  throwIfWrong(file: string): void {
    if (this.#found.length === 0) return;
    const told = [...this.#found].sort((a, b) => order(a.place, b.place)).slice(0, mostProblems);
    const problems = told.map(({ path, place, message }): ConfigProblem => ({
      file,
      ...place,
      path: path.join("."),
      message,
    }));
    const more = {
      file,
      line: 0,
      column: 0,
      path: "",
      message: `and more problems, beyond these ${mostProblems}`,
    };
    throw new ConfigProblems(this.isFull ? [...problems, more] : problems);
  }
}

function order(a: Place, b: Place): number {
  return a.line - b.line || a.column - b.column;
}
