import {
  Code,
  type HiddenTexts,
  InFlight,
  nearestName,
  type Placed,
  PrismError,
  serializedFiles,
} from "../protocol/index.js";
import { AnswerWriter } from "./answer.js";
import { Counters } from "./counters.js";
import { reasonFields } from "./json-log.js";
import type { Log } from "./log.js";
import type { Operation, StreamingOperation, UnaryOperation } from "./operation.js";
import type { Health, OpenNamespace } from "./plugin.js";
import { PluginError } from "./plugin-error.js";

/** An operation, and how its results are wrapped. */
export interface Served<O extends Operation> {
  readonly operation: O;
  readonly writer: AnswerWriter;
}

/** A call that may be ended from outside. */
export interface Running extends Placed {
  /** Ends the call with that error. */
  cut(reason: PrismError): void;
}

/** What a namespace is served with, beside what its plugin opened. */
export interface ServedSettings {
  readonly log: Log;
  readonly secrets: HiddenTexts;
  readonly answerBytes: number;
}

/** A namespace that is open: its operations, its counters, and its end. */
export class ServedNamespace {
  readonly name: string;
  readonly log: Log;
  /** What nothing that it says may hold. */
  readonly secrets: HiddenTexts;
  readonly answerBytes: number;
  readonly counters = new Counters();
  readonly #open: OpenNamespace;
  readonly #unary = new Map<string, Served<UnaryOperation>>();
  readonly #streaming = new Map<string, Served<StreamingOperation>>();
  /** Methods of services of the plugin's own, by their paths: "/acme.billing.v1.Invoices/Pay". */
  readonly #methods: ReadonlyMap<string, Operation>;
  /** Of operations that have given one: how large the last large answer was. */
  readonly #largeAnswers = new Map<Operation, number>();
  readonly #running = new InFlight<Running>();
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(name: string, open: OpenNamespace, { log, secrets, answerBytes }: ServedSettings) {
    this.name = name;
    this.log = log;
    this.secrets = secrets;
    this.answerBytes = answerBytes;
    this.#open = open;
    for (const [operationName, operation] of Object.entries(open.operations)) {
      const writer = new AnswerWriter(operation.kind, operation.answers);
      if (operation.kind === "unary") this.#unary.set(operationName, { operation, writer });
      else this.#streaming.set(operationName, { operation, writer });
    }
    const methods = Object.entries(open.services ?? {}).flatMap(([service, methodsOf]) =>
      Object.entries(methodsOf).map(([method, operation]) => [`/${service}/${method}`, operation] as const),
    );
    this.#methods = new Map(methods);
  }

  get operations(): Readonly<Record<string, Operation>> {
    return this.#open.operations;
  }

  /** What Prism and server reflection are told of the plugin's own services. */
  get declaration(): { services: string[]; fileDescriptors: Uint8Array[] } {
    const { services = {}, files = [] } = this.#open;
    return { services: Object.keys(services), fileDescriptors: serializedFiles(files) };
  }

  /** A method of a service of the plugin's own, by its path, or UNIMPLEMENTED. */
  method(path: string): Operation {
    const found = this.#methods.get(path);
    if (found) return found;
    throw new PrismError(
      "unknownMethod",
      `the plugin serves no method ${JSON.stringify(path.slice(0, 200))}`,
    );
  }

  /** The unary operation of a name, or UNIMPLEMENTED with what there is. */
  unary(name: string): Served<UnaryOperation> {
    return (
      this.#unary.get(name) ??
      this.#refuse(name, this.#streaming.has(name) ? "streams: call it by ExecuteStream" : undefined)
    );
  }

  /** The streaming operation of a name, or UNIMPLEMENTED with what there is. */
  streaming(name: string): Served<StreamingOperation> {
    return (
      this.#streaming.get(name) ??
      this.#refuse(name, this.#unary.has(name) ? "does not stream: call it by Execute" : undefined)
    );
  }

  /** An operation has answered with so many bytes, which may not have left at once. */
  answeredLargely(operation: Operation, bytes: number): void {
    this.#largeAnswers.set(operation, bytes);
  }

  /** What an operation may well answer, in bytes, as far as that is large; 0 where it has not been yet. */
  largeAnswerOf(operation: Operation): number {
    return this.#largeAnswers.size === 0 ? 0 : (this.#largeAnswers.get(operation) ?? 0);
  }

  /** Counts an operation that has begun. Whoever calls this calls `end` once. */
  begin(): void {
    this.counters.begin();
  }

  end(tookMs: number, failed: boolean): void {
    this.counters.end(tookMs, failed);
    if (this.#idle && this.counters.inFlight === 0) this.#idle();
  }

  /** A call that outlives its event is told when the namespace ends before it. Whoever calls this calls `forget` once. */
  remember(call: Running): void {
    this.#running.add(call);
  }

  forget(call: Running): void {
    this.#running.remove(call);
  }

  /** How it fares. Never throws: a check that does is UNHEALTHY. */
  async check(signal: AbortSignal): Promise<Health> {
    try {
      return this.#withoutSecrets((await this.#open.check?.(signal)) ?? { status: "HEALTHY" });
    } catch (reason) {
      if (!(reason instanceof PrismError)) this.log.error("the health check failed", reasonFields(reason));
      const { message } = PrismError.from(reason);
      return { status: "UNHEALTHY", message: this.secrets.hide(message) };
    }
  }

  /** Waits for running operations until the signal aborts, cuts those that are left, and closes. Safe to call twice. */
  close(grace: AbortSignal): Promise<void> {
    this.#closed ??= this.#drain(grace).then(() => this.#open.close?.());
    return this.#closed;
  }

  async #drain(grace: AbortSignal): Promise<void> {
    if (this.counters.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (grace.aborted) resolve();
      else grace.addEventListener("abort", () => resolve(), { once: true });
    });
    const reason = new PluginError(Code.UNAVAILABLE, `the plugin is closing namespace "${this.name}"`);
    for (const call of this.#running.all()) call.cut(reason);
  }

  #withoutSecrets(health: Health): Health {
    const { message = "", details = {} } = health;
    const told: Record<string, string> = {};
    for (const [name, detail] of Object.entries(details)) told[name] = this.secrets.hide(detail);
    return { ...health, message: this.secrets.hide(message), details: told };
  }

  #refuse(name: string, remedy: string | undefined): never {
    const message = remedy
      ? `the operation "${name}" ${remedy}`
      : `no operation "${name}": ${this.#known(name)}`;
    throw new PrismError("operationNotServed", message);
  }

  #known(miss: string): string {
    const names = [...this.#unary.keys(), ...this.#streaming.keys()].sort();
    const nearest = nearestName(miss, names);
    return `there are ${names.join(", ")}${nearest === undefined ? "" : `; did you mean "${nearest}"?`}`;
  }
}
