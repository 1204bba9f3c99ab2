import type { Namespace } from "../model/namespace.js";
import type { Config } from "./config.js";
import { type ConfigOrigin, parseConfig } from "./parse-config.js";
import { type ApplyOrigin, parseNamespaces, splitNamespaces } from "./parse-namespaces.js";
import { type ConfigProblem, ConfigProblems } from "./problems.js";

/** Something to read: a whole configuration, or texts to apply. Threads can be sent it. */
export type ReadingJob =
  | { readonly kind: "config"; readonly text: string; readonly origin: ConfigOrigin }
  | {
      readonly kind: "texts";
      readonly texts: readonly DeclarationText[];
      readonly origin: Omit<ApplyOrigin, "source">;
    };

/** A text to apply. */
export interface DeclarationText {
  readonly yaml: string;
  /** What to call it in problems. */
  readonly source: string;
}

/** A namespace of a text to apply, and the part of the text that declares it. */
export interface ParsedDeclaration {
  readonly namespace: Namespace;
  readonly yaml: string;
}

/** What came of a job: a head, and items that are told in batches, as there may be many. */
export type ReadingOutcome =
  | { readonly kind: "problems"; readonly problems: readonly ConfigProblem[] }
  | {
      readonly kind: "config";
      readonly config: Omit<Config, "namespaces">;
      readonly items: readonly Namespace[];
    }
  | {
      readonly kind: "texts";
      readonly texts: readonly TextOutcome[];
      readonly items: readonly ParsedDeclaration[];
    };

/** What came of one text: so many of the items are its own, or it has problems. */
export type TextOutcome =
  { readonly count: number } | { readonly count: 0; readonly problems: readonly ConfigProblem[] };

/** Does a job. Takes as long as the texts are; throws only what nobody foresaw. */
export function runReadingJob(job: ReadingJob): ReadingOutcome {
  if (job.kind === "texts") return readTexts(job);
  try {
    const { namespaces, ...config } = parseConfig(job.text, job.origin);
    return { kind: "config", config, items: namespaces };
  } catch (reason) {
    return { kind: "problems", problems: problemsOf(reason) };
  }
}

function readTexts({ texts, origin }: ReadingJob & { kind: "texts" }): ReadingOutcome {
  const items: ParsedDeclaration[] = [];
  const outcomes = texts.map(({ yaml, source }): TextOutcome => {
    try {
      const namespaces = parseNamespaces(yaml, { ...origin, source });
      const parts = splitNamespaces(yaml);
      for (const [index, namespace] of namespaces.entries())
        items.push({ namespace, yaml: parts[index] ?? "" });
      return { count: namespaces.length };
    } catch (reason) {
      return { count: 0, problems: problemsOf(reason) };
    }
  });
  return { kind: "texts", texts: outcomes, items };
}

function problemsOf(reason: unknown): readonly ConfigProblem[] {
  if (reason instanceof ConfigProblems) return reason.problems;
  throw reason;
}
