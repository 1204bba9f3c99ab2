import { createHash, type Hash } from "node:crypto";

/** Works out a value's entity tag as its bytes come by: strong, because equal tags mean equal bytes. */
export class TagMaker {
  readonly #hash: Hash = createHash("sha256");

  /** Takes the value's next bytes. */
  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  /** The tag, quoted as it goes into the field. */
  finish(): string {
    return `"${this.#hash.digest("base64url").slice(0, 22)}"`;
  }
}

/** The entity tag of a value. */
export function tagOf(value: Uint8Array): string {
  return new TagMaker().update(value).finish();
}
