import { stringify } from "yaml";
import type { Namespace } from "../model/namespace.js";
import type { DeclaredPlugin } from "./config.js";
import { appliedSchema } from "./config-schema.js";
import { examine } from "./examine.js";
import { isList, valueAt } from "./json.js";
import { readYaml } from "./yaml-document.js";

/** Where a text to apply comes from, and what it may refer to. */
export interface ApplyOrigin {
  /** What to call the text in problems. */
  readonly source: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly cwd: string;
  /** What stands under `plugins:` of the served file. */
  readonly plugins: readonly DeclaredPlugin[];
}

/**
 * Namespaces to apply, from YAML with a `namespaces:` list as in prism.yaml, and nothing else. Throws
 * {@link ConfigProblems} with every problem. Whether the file owns one of the names is not asked here.
 */
export function parseNamespaces(yaml: string, { source, env, cwd, plugins }: ApplyOrigin): Namespace[] {
  const { namespaces } = examine({
    text: yaml,
    source,
    directory: cwd,
    env,
    schema: appliedSchema,
    plugins,
    ownerAt: () => ({ kind: "applied" }),
  });
  return [...namespaces];
}

/** Each namespace of a text that {@link parseNamespaces} has taken, as YAML of its own, in the same order. */
export function splitNamespaces(yaml: string): string[] {
  const entries = valueAt(readYaml(yaml).value, ["namespaces"]);
  return isList(entries) ? entries.map((entry) => stringify({ namespaces: [entry] })) : [];
}
