import type { Namespace } from "../../model/namespace.js";

/** What is to be served, and what of the declarations cannot be. */
export interface Desired {
  /** By name. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** Sentences for the operator. */
  readonly problems: readonly string[];
}

/**
 * Joins what the file declares and what was applied: a namespace has one owner. A name that the file declares is the
 * file's, and what was applied under it waits until the file lets go or it is deleted. The default namespace gives way.
 */
export function joinDeclarations(fromFile: readonly Namespace[], applied: readonly Namespace[]): Desired {
  const namespaces = new Map(applied.map((namespace) => [namespace.name, namespace]));
  const problems: string[] = [];
  for (const namespace of fromFile) {
    const { name, owner } = namespace;
    if (namespaces.has(name) && owner.kind === "default") continue;
    if (namespaces.has(name)) problems.push(declaredTwice(namespace));
    namespaces.set(name, namespace);
  }
  return { namespaces, problems };
}

/** Who owns a namespace, for a sentence: "prism.yaml:12", "applied", "default". */
export function ownerText({ owner }: Namespace): string {
  return owner.kind === "file" ? `${owner.file}:${owner.line}` : owner.kind;
}

function declaredTwice(namespace: Namespace): string {
  const { name } = namespace;
  return (
    `namespace "${name}" is declared at ${ownerText(namespace)} and was applied as well; the file's is served. ` +
    `Forget the applied one with \`prism ns delete ${name}\`, or remove the name from the file.`
  );
}
