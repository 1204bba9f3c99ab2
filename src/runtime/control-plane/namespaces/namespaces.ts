import { nearestName, PrismError } from "../../../protocol/index.js";
import type { DeclarationText, ParsedDeclaration } from "../../config/index.js";
import type { Log } from "../../model/log.js";
import type { Namespace } from "../../model/namespace.js";
import type { AppliedNamespaces, Declaration } from "./applied-namespaces.js";
import { applyAll, type NamespaceChange, planChange } from "./apply.js";
import { type Desired, joinDeclarations, ownerText } from "./desired-namespaces.js";
import { foreseen } from "../common/foreseen.js";
import { forEachOf } from "../common/for-each-of.js";
import { mapInPieces } from "../common/pieces.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { stateSentence } from "../supervisor/status.js";
import { Turns } from "../supervisor/turns.js";

/** Texts to apply that may wait to be read; each may take much memory meanwhile. */
const mostUnread = 16;

/** Plugins that are started at the same time. */
const startsAtOnce = 4;

/** What the desired state needs of the rest of the runtime. */
export interface NamespacesNeighbours {
  readonly supervisor: Pick<Supervisor, "start" | "apply" | "remove" | "status" | "namespaces">;
  readonly applied: AppliedNamespaces;
  /** Reads texts to apply: each has its namespaces, or its problems. */
  readonly read: (
    texts: readonly DeclarationText[],
  ) => Promise<readonly (readonly ParsedDeclaration[] | PrismError)[]>;
  readonly log: Log;
}

/** A text to apply. */
export interface ApplyRequest {
  readonly yaml: string;
  /** What to call the text in problems. */
  readonly source: string;
  readonly dryRun: boolean;
}

/** Hears how the first start of each namespace goes. */
export type OnStart = (name: string, state: "starting" | "ready" | "failed", reason: string) => void;

/** What is to be served, and the one place where it changes: by the file, or by the API; one change at a time. */
export class Namespaces {
  readonly #near: NamespacesNeighbours;
  readonly #turns = new Turns();
  /** Texts are read one at a time. */
  readonly #reading = new Turns();
  #unread = 0;
  #fromFile: readonly Namespace[] = [];
  #desired: Desired = { namespaces: new Map(), problems: [] };
  #failed = new Map<string, string>();

  constructor(near: NamespacesNeighbours) {
    this.#near = near;
  }

  /** Every namespace that is to be served, by its name. */
  get desired(): ReadonlyMap<string, Namespace> {
    return this.#desired.namespaces;
  }

  /** What of the declarations is not served as it stands, as sentences. */
  get problems(): readonly string[] {
    return [...this.#desired.problems, ...this.#failed.values()];
  }

  /** Why a namespace serves on by the declaration before, where its edited one did not start; undefined where it does not. */
  failure(name: string): string | undefined {
    return this.#failed.get(name);
  }

  /** Serves what the file and the state directory declare; resolves when each has been tried once. One that fails stops no other. */
  async start(fromFile: readonly Namespace[], onStart: OnStart, signal: AbortSignal): Promise<void> {
    await this.#turns.run(async () => {
      this.#fromFile = fromFile;
      await this.#join();
      await forEachOf([...this.desired.values()], startsAtOnce, async (namespace) => {
        if (signal.aborted) return;
        onStart(namespace.name, "starting", "");
        await this.#near.supervisor.start(namespace);
        const status = this.#near.supervisor.status(namespace.name);
        onStart(namespace.name, status?.ready ? "ready" : "failed", status ? stateSentence(status) : "");
      });
    });
  }

  /**
   * Takes the file's namespaces as they stand now. One whose change fails keeps its old self, and {@link problems} tells.
   * Resolves with which are not served as they are declared.
   */
  reconcile(fromFile: readonly Namespace[]): Promise<readonly string[]> {
    return this.#turns.run(async () => {
      this.#fromFile = fromFile;
      await this.#converge();
      return [...this.#failed.values(), ...fromFile.flatMap(({ name }) => this.#absenceOf(name))];
    });
  }

  /** Declares namespaces, all or none, and keeps them; or only tells what that would change. */
  async apply({ yaml, source, dryRun }: ApplyRequest): Promise<NamespaceChange[]> {
    const parsed = await this.#readOne({ yaml, source });
    for (const { namespace } of parsed) this.#assertNotTheFiles(namespace.name);
    const plan = (): Promise<NamespaceChange[]> =>
      mapInPieces(parsed, ({ namespace }) => planChange(this.desired.get(namespace.name), namespace));
    if (dryRun) return await plan();
    return await this.#turns.run(async () => {
      for (const { namespace } of parsed) this.#assertNotTheFiles(namespace.name);
      const changes = await plan();
      const keep = parsed.map(({ namespace, yaml: text }): Declaration => ({
        name: namespace.name,
        yaml: text,
      }));
      await applyAll({
        namespaces: parsed.map(({ namespace }) => namespace),
        before: this.desired,
        supervisor: this.#near.supervisor,
        keep: () => this.#near.applied.put(keep),
      });
      await this.#join();
      return changes;
    });
  }

  /** Ends an applied namespace and forgets it; tells how many calls were cut. */
  delete(name: string): Promise<{ cut: number }> {
    return this.#turns.run(async () => {
      const declarations = await this.#near.applied.all();
      if (!declarations.some((declaration) => declaration.name === name)) throw notApplied(this.find(name));
      await this.#near.applied.remove(name);
      const cut = await this.#converge();
      return { cut };
    });
  }

  /** A namespace by its name; throws with the nearest one. */
  find(name: string): Namespace {
    const found = this.desired.get(name);
    if (found) return found;
    const near = nearestName(name, this.desired.keys());
    const remedy = near === undefined ? "`prism ns list` tells those there are" : `did you mean "${near}"?`;
    throw new PrismError("unknownNamespace", `no namespace "${name}": ${remedy}`);
  }

  async #readOne(text: DeclarationText): Promise<readonly ParsedDeclaration[]> {
    if (this.#unread >= mostUnread)
      throw new PrismError(
        "overLimit",
        `${mostUnread} texts to apply wait to be read already: try again in a moment`,
      );
    this.#unread += 1;
    try {
      const [read = []] = await this.#reading.run(() => this.#near.read([text]));
      if (read instanceof PrismError) throw read;
      return read;
    } finally {
      this.#unread -= 1;
    }
  }

  /** Reads what is declared anew. What was applied and cannot be read any more keeps its old self. */
  async #join(): Promise<void> {
    const applied: Namespace[] = [];
    const unreadable: string[] = [];
    const kept = await this.#near.applied.all();
    const readable = kept.flatMap((each) => ("yaml" in each ? [each] : []));
    const texts = readable.map(({ name, yaml }) => ({ yaml, source: this.#near.applied.fileOf(name) }));
    const read = (await this.#reading.run(() => this.#near.read(texts))).values();
    for (const each of kept) {
      const { name } = each;
      const told = "problem" in each ? each.problem : (read.next().value ?? []);
      if (!(told instanceof PrismError)) {
        applied.push(...told.map(({ namespace }) => namespace));
        continue;
      }
      const before = this.desired.get(name);
      if (before?.owner.kind === "applied") applied.push(before);
      unreadable.push(`namespace "${name}" was applied and cannot be taken now: ${told.message}`);
    }
    const { namespaces, problems } = joinDeclarations(this.#fromFile, applied);
    this.#desired = { namespaces, problems: [...problems, ...unreadable] };
    for (const problem of this.#desired.problems) this.#near.log.warn(problem);
  }

  /** Makes the supervisor serve what is declared; tells how many calls were cut. */
  async #converge(): Promise<number> {
    await this.#join();
    this.#failed = new Map();
    const serves = new Map(
      this.#near.supervisor.namespaces().map(({ namespace }) => [namespace.name, namespace]),
    );
    let cut = 0;
    const gone = [...serves.keys()].filter((name) => !this.desired.has(name));
    await forEachOf(gone, startsAtOnce, async (name) => {
      cut += (await this.#near.supervisor.remove(name)).cut;
    });
    await forEachOf([...this.desired.values()], startsAtOnce, async (namespace) => {
      const before = serves.get(namespace.name);
      if (!before) await this.#near.supervisor.start(namespace);
      else await this.#bring(before, namespace);
    });
    return cut;
  }

  async #bring(before: Namespace, after: Namespace): Promise<void> {
    const { kind } = planChange(before, after);
    if (kind === "unchanged") return;
    try {
      await this.#near.supervisor.apply(after);
    } catch (reason) {
      const { message } = foreseen(reason, this.#near.log, `namespace "${after.name}"`);
      const problem = `namespace "${after.name}" serves on as it was, as its new declaration fails: ${message}`;
      this.#failed.set(after.name, problem);
      this.#near.log.error(problem);
    }
  }

  /** Why nobody serves a namespace, if so. */
  #absenceOf(name: string): string[] {
    const status = this.#near.supervisor.status(name);
    if (status === undefined || status.ready) return [];
    return [`namespace "${name}" is not served: ${stateSentence(status)}`];
  }

  #assertNotTheFiles(name: string): void {
    const found = this.desired.get(name);
    if (found?.owner.kind !== "file") return;
    throw new PrismError(
      "failedPrecondition",
      `namespace "${name}" belongs to the file: edit ${ownerText(found)}, which is picked up at once.`,
      { info: { namespace: name, owner: ownerText(found) } },
    );
  }
}

function notApplied(namespace: Namespace): PrismError {
  const remedy =
    namespace.owner.kind === "file"
      ? `it belongs to the file: remove it at ${ownerText(namespace)}, which is picked up at once`
      : "it is there because nothing else is declared: declare namespaces in prism.yaml, and it goes";
  return new PrismError("failedPrecondition", `namespace "${namespace.name}" was not applied: ${remedy}.`);
}
