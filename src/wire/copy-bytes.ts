/** Up to here a loop is faster than a call into the engine, for which a view of the part has to be made first. */
const longestLoop = 256;

/** Copies what lies from `start` to `end` of one buffer to an offset of another. Five parameters and no object: it runs for every frame. */
export function copyBytes(out: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
  if (end - start > longestLoop) out.set(bytes.subarray(start, end), at);
  else for (let i = start; i < end; i++) out[at++] = bytes[i] ?? 0;
}
