import { isUtf8 } from "node:buffer";

/** Bytes as the text that they are; undefined where they are no UTF-8. Nothing is put in the place of any byte. */
export function textOf(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? textForEyes(bytes) : undefined;
}

/** Bytes as a text for eyes, in which U+FFFD stands for what is no UTF-8. Not for what is kept, compared or passed on. */
export function textForEyes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
