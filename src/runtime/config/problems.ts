import { PrismError } from "../../protocol/index.js";

/** How many problems are told at once; beyond these nobody reads on. */
export const mostProblems = 200;

/** One thing that is wrong with a configuration, and where. */
export interface ConfigProblem {
  /** As the operator named it. */
  readonly file: string;
  /** From 1; 0 where the problem is the file itself. */
  readonly line: number;
  /** From 1; 0 where the problem is the file itself. */
  readonly column: number;
  /** The key's path, "namespaces.0.plugin.type"; empty for the document. */
  readonly path: string;
  /** What was expected and what came; never a secret. */
  readonly message: string;
}

/** A configuration that cannot be taken, with every problem it has. Its message has one line a problem. */
export class ConfigProblems extends PrismError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super("invalidConfig", problems.map(describe).join("\n"));
    this.name = "ConfigProblems";
    this.problems = problems;
  }
}

/** One problem, which is the file itself. */
export function aboutTheFile(file: string, message: string): ConfigProblems {
  return new ConfigProblems([{ file, line: 0, column: 0, path: "", message }]);
}

function describe({ file, line, column, path, message }: ConfigProblem): string {
  const place = line > 0 ? `${file}:${line}:${column}` : `${file}:`;
  return [place, ...(path === "" ? [] : [`${path}:`]), message].join(" ");
}
