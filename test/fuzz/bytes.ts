import fc from "fast-check";

/** Bytes as hexadecimal text: so an input with bytes is JSON. */
export function hex(maxLength: number): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString("hex"));
}

/** The bytes of such a text. */
export function unhex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

/** Where reads cut what arrives: lengths of the pieces, the rest comes in one. */
export const cuts = fc.array(fc.oneof(fc.constantFrom(1, 2, 5, 8, 9, 10), fc.nat(600)), { maxLength: 30 });

/** The pieces of bytes that are cut so. Each lies in a buffer of its own, which `spoil` overwrites when it has been read. */
export function* pieces(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    if (at >= bytes.length) return;
    const piece = Buffer.from(bytes.subarray(at, at + length));
    at += piece.length;
    if (piece.length === 0) continue;
    yield piece;
    // What was handed over is valid only until the call returns: whoever kept a view sees rubbish from now on.
    piece.fill(0xee);
  }
}

/** Throws where running something leaves more memory in buffers than so much: an announced length was believed. */
export function allocatesAtMost(bytes: number, run: () => void): void {
  const before = process.memoryUsage().arrayBuffers;
  run();
  const grown = process.memoryUsage().arrayBuffers - before;
  if (grown > bytes) throw new Error(`${grown} bytes were allocated where ${bytes} are enough`);
}
