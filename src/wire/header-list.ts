import type { HeaderFacts } from "./header-facts.js";

const none: readonly string[] = [];

/**
 * A list of header fields in the order they came, names in lower case, values as latin1 text (a byte a character).
 *
 * Immutable once sent or received. The wire hands out the same object again when the same block arrives on a
 * connection whose table has not changed, and sends a list it has sent before from the bytes it made then; so a list
 * that is used often should be made once and kept.
 */
export class HeaderList {
  // What sending asks for comes first: of a list out of thousands, that is one line of the processor's cache instead of two.
  /** @internal What is its own: all fields, or those behind its {@link base}. */
  readonly own: readonly string[];
  /** @internal The list that this one begins with, where it was made by {@link after}. */
  readonly base: HeaderList | undefined;
  /**
   * Names whose values the sender wants in no table on the way. Hand them on when the fields are forwarded. The wire
   * itself adds authorization, cookies and Prism's own token.
   */
  readonly neverIndexed: readonly string[];
  /** @internal It has been sent before, so its bytes are worth keeping. */
  sent = false;
  /** @internal Some connection keeps its bytes. */
  kept = false;
  /** Room for what a reader worked out from this list, so that it need not do so again. The wire never looks. */
  memo: unknown = undefined;
  /** @internal What the rules say of this list; worked out once. */
  facts: HeaderFacts | undefined = undefined;
  #fields: readonly string[] | undefined;

  constructor(own: readonly string[], neverIndexed: readonly string[] = none, base?: HeaderList) {
    this.own = own;
    this.neverIndexed = neverIndexed;
    this.base = base;
    this.#fields = base === undefined ? own : undefined;
  }

  /** Names and values in turn: name 0, value 0, name 1, value 1, … */
  get fields(): readonly string[] {
    return (this.#fields ??= (this.base?.fields ?? none).concat(this.own));
  }

  /**
   * A list that begins with another, which is sent again and again. So much of its block is written from the bytes that
   * the other made: a call pays only for what is its own, and its fields are put together only when they are asked for.
   */
  static after(
    base: HeaderList,
    fields: readonly string[],
    neverIndexed: readonly string[] = none,
  ): HeaderList {
    const secrets = base.neverIndexed.length === 0 ? neverIndexed : base.neverIndexed.concat(neverIndexed);
    return new HeaderList(fields, secrets, base);
  }

  /** The first value of a name, undefined where there is none. */
  get(name: string): string | undefined {
    const { fields } = this;
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
    return undefined;
  }
}
