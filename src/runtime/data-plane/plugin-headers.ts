import { formatTimeout, HeaderList } from "../../wire/index.js";

/** Timeouts of which a list is kept. */
const mostKept = 64;

/**
 * The header lists of one kind of call to one instance, made once and kept: the wire sends a list that it has sent
 * before from the bytes it made then.
 */
export class PluginHeaders {
  readonly #fields: readonly string[];
  readonly #neverIndexed: readonly string[];
  readonly #plain: HeaderList;
  readonly #byTimeout = new Map<number, HeaderList>();

  constructor(fields: readonly string[], neverIndexed: readonly string[]) {
    this.#fields = fields;
    this.#neverIndexed = neverIndexed;
    this.#plain = new HeaderList(fields, neverIndexed);
  }

  /** The list with a `grpc-timeout` of at most so many milliseconds; without one where there is no deadline. */
  within(timeoutMs: number | undefined): HeaderList {
    if (timeoutMs === undefined) return this.#plain;
    const ms = roundDown(timeoutMs);
    let list = this.#byTimeout.get(ms);
    if (list === undefined) {
      const fields = [...this.#fields, "grpc-timeout", formatTimeout(ms)];
      list = new HeaderList(fields, this.#neverIndexed);
      if (this.#byTimeout.size === mostKept) this.#byTimeout.clear();
      this.#byTimeout.set(ms, list);
    }
    return list;
  }
}

/** To whole milliseconds of two or three digits, so that timeouts repeat: at most 1% is lost, and the deadline itself is kept here. */
function roundDown(ms: number): number {
  if (ms < 1) return ms;
  const step = Math.max(1, 10 ** (Math.floor(Math.log10(ms)) - 2));
  return Math.floor(ms / step) * step;
}
