import type { DeclaredPlugin } from "./config.js";
import { entriesOf } from "./checks.js";
import type { ExaminedDocument } from "./examined-document.js";
import { type CodeOrWhy, codeKeys, findDeclaredCode, findNamespaceCode } from "./find-code.js";
import type { Surroundings } from "./plugin-code.js";
import type { Path } from "./finding.js";

const keysThatName = ["type", "command", "library", "socket", "token"];

/** The entries of `plugins:` whose code is there; tells the document of the others. */
export function checkDeclaredPlugins(
  document: ExaminedDocument,
  surroundings: Surroundings,
): DeclaredPlugin[] {
  return entriesOf(document, "plugins").flatMap((index) => {
    const path = ["plugins", index] as const;
    const name = document.at(...path, "name");
    if (typeof name !== "string" || document.isWrong(...path)) return [];
    const keys = codeKeys.parse(document.at(...path));
    const found = findDeclaredCode(keys, surroundings);
    if (!isThere(found, document, path)) return [];
    return [{ name, code: found.code, ...(keys.type === undefined ? {} : { channel: found.channel }) }];
  });
}

/** Whose code serves each namespace, by its position; tells the document where there is none. */
export function checkNamespaceCode(
  document: ExaminedDocument,
  surroundings: Surroundings & { readonly plugins: readonly DeclaredPlugin[] },
): ReadonlyMap<number, CodeOf> {
  const code = new Map<number, CodeOf>();
  const broken = brokenPlugins(document);
  // The first of a name counts.
  const plugins = new Map(surroundings.plugins.toReversed().map((plugin) => [plugin.name, plugin]));
  for (const index of entriesOf(document, "namespaces")) {
    if (document.isFull) break;
    const path = ["namespaces", index] as const;
    const backend = document.at(...path, "backend");
    const wrong = keysThatName.some((key) => document.isWrong(...path, "plugin", key));
    if (typeof backend !== "string" || broken.has(backend) || wrong || document.isWrong(...path, "backend"))
      continue;
    const found = findNamespaceCode(backend, codeKeys.parse(document.at(...path, "plugin")), {
      ...surroundings,
      plugins,
    });
    if (isThere(found, document, path)) code.set(index, found);
  }
  return code;
}

/** Code that is there, and its home. */
export type CodeOf = Extract<CodeOrWhy, { code: unknown }>;

function isThere(found: CodeOrWhy, document: ExaminedDocument, path: Path): found is CodeOf {
  if ("code" in found) return true;
  document.tell([{ path: [...path, ...found.key], message: found.why }]);
  return false;
}

function brokenPlugins(document: ExaminedDocument): ReadonlySet<unknown> {
  const broken = entriesOf(document, "plugins").filter((index) => document.isWrong("plugins", index));
  return new Set(broken.map((index) => document.at("plugins", index, "name")));
}
