const Found = 0x08;
const Value = 0x12;

/** Where the value of a prism.keyvalue.v1.GetResponse lies, as far as its first bytes tell. */
export interface ValuePlace {
  readonly start: number;
  readonly bytes: number;
}

/**
 * Looks for the value in the first bytes of a GetResponse that begins at `from`. Undefined where they do not tell: too
 * few, or the value comes before what says that it is there; then the whole message has to be read.
 */
export function placeOfValue(bytes: Uint8Array, from: number): ValuePlace | undefined {
  // Fields come in the order of their numbers from every writer known; and without `found` there is no value.
  if (bytes[from] !== Found || bytes[from + 1] !== 1 || bytes[from + 2] !== Value) return undefined;
  let length = 0;
  for (let at = from + 3, factor = 1; at < bytes.length && factor < 2 ** 35; at++, factor *= 0x80) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) return { start: at + 1, bytes: length };
  }
  return undefined;
}
