import { formatTimeout, HeaderList } from "../../../wire/index.js";

/** What the headers of a call tell the plugin beside what every call to it has. */
export interface ToldFields {
  readonly authority: string;
  readonly contentType: string;
  /** Names and values in turn. */
  readonly fields: readonly string[];
  /** Names among them whose values belong in no table on the way. */
  readonly neverIndexed: readonly string[];
}

/** The headers of a call to a plugin. */
export interface CallHeaders {
  /** The list with a `grpc-timeout` of at most so many milliseconds; without one where there is no deadline. */
  within(timeoutMs: number | undefined): HeaderList;
  /** The same, but for the fields that what it tells begins with: as many others in their place. */
  beginningWith(fields: readonly string[]): CallHeaders;
  /** The same, for another namespace of the same instance. */
  forNamespace(namespace: string): CallHeaders;
}

/** The headers of a call whose namespace is the only thing that it tells. */
export class NamespaceHeaders implements CallHeaders {
  readonly #common: HeaderList;
  readonly #namespace: string;
  #last: HeaderList | undefined;
  #lastTimeoutMs: number | undefined;

  constructor(common: HeaderList, namespace: string) {
    this.#common = common;
    this.#namespace = namespace;
  }

  beginningWith(fields: readonly string[]): CallHeaders {
    return new PluginHeaders(this.within(undefined), fields, []);
  }

  forNamespace(namespace: string): NamespaceHeaders {
    return new NamespaceHeaders(this.#common, namespace);
  }

  within(timeoutMs: number | undefined): HeaderList {
    if (this.#last !== undefined && timeoutMs === this.#lastTimeoutMs) return this.#last;
    const told = ["prism-namespace", this.#namespace];
    if (timeoutMs !== undefined) told.push("grpc-timeout", formatTimeout(timeoutMs));
    this.#lastTimeoutMs = timeoutMs;
    return (this.#last = HeaderList.after(this.#common, told));
  }
}

/**
 * The headers of a call to a plugin. What all calls of a method have is a list made once and kept, whose bytes the wire
 * keeps; what this call tells beside goes behind it.
 */
export class PluginHeaders implements CallHeaders {
  readonly #shared: HeaderList;
  readonly #told: readonly string[];
  readonly #neverIndexed: readonly string[];
  #last: HeaderList | undefined;
  #lastTimeoutMs: number | undefined;

  constructor(shared: HeaderList, told: readonly string[], neverIndexed: readonly string[]) {
    this.#shared = shared;
    this.#told = told;
    this.#neverIndexed = neverIndexed;
    if (told.length === 0) this.#last = shared;
  }

  beginningWith(fields: readonly string[]): PluginHeaders {
    return new PluginHeaders(
      this.#shared,
      fields.concat(this.#told.slice(fields.length)),
      this.#neverIndexed,
    );
  }

  forNamespace(namespace: string): PluginHeaders {
    const shared = HeaderList.after(this.#shared.base ?? this.#shared, ["prism-namespace", namespace]);
    return new PluginHeaders(shared, this.#told, this.#neverIndexed);
  }

  within(timeoutMs: number | undefined): HeaderList {
    if (this.#last !== undefined && timeoutMs === this.#lastTimeoutMs) return this.#last;
    const told =
      timeoutMs === undefined ? this.#told : [...this.#told, "grpc-timeout", formatTimeout(timeoutMs)];
    this.#lastTimeoutMs = timeoutMs;
    return (this.#last = HeaderList.after(this.#shared, told, this.#neverIndexed));
  }
}
