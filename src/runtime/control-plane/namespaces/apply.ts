import { PrismError } from "../../../protocol/index.js";
import type { Namespace } from "../../model/namespace.js";
import { changedKeys } from "./declaration.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { type ChangeKind, changeKind } from "../supervisor/change.js";

/** What applying does to one namespace. */
export interface NamespaceChange {
  readonly name: string;
  readonly kind: ChangeKind | "create";
  /** Paths of the keys that differ: "config.path". */
  readonly changedKeys: readonly string[];
}

/** Tells what it takes to get to a declaration from the one before, if there is one. */
export function planChange(before: Namespace | undefined, after: Namespace): NamespaceChange {
  const { name, owner } = after;
  if (!before) return { name, kind: "create", changedKeys: [] };
  return { name, kind: changeKind({ ...before, owner }, after), changedKeys: changedKeys(before, after) };
}

/** Namespaces to bring about together. */
export interface Apply {
  readonly namespaces: readonly Namespace[];
  readonly before: ReadonlyMap<string, Namespace>;
  readonly supervisor: Pick<Supervisor, "start" | "apply" | "remove" | "status">;
  /** Makes it last; the final step. */
  readonly keep: () => Promise<void>;
}

/**
 * Brings about all namespaces, or none: where one does not start, or they cannot be kept, those that were done are
 * undone and the reason is thrown. A namespace that serves keeps serving throughout, as a reload never stops it.
 */
export async function applyAll({ namespaces, before, supervisor, keep }: Apply): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    for (const namespace of namespaces) {
      const { name } = namespace;
      const old = before.get(name);
      undo.push(old ? () => supervisor.apply(old) : () => supervisor.remove(name));
      if (old) await supervisor.apply(namespace);
      else await supervisor.start(namespace);
      assertServed(name, supervisor);
    }
    await keep();
  } catch (reason) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw reason;
  }
}

function assertServed(name: string, supervisor: Apply["supervisor"]): void {
  const status = supervisor.status(name);
  if (status?.ready) return;
  throw new PrismError(
    status?.isRefused ? "configRefused" : "failedPrecondition",
    `namespace "${name}" does not start, so nothing was applied: ${status?.reason ?? "it is being stopped"}`,
  );
}
