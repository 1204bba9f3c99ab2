import { Code } from "../protocol/index.js";
import { PluginError } from "./plugin-error.js";

/** An answer up to here leaves at once: Prism's window for a call is larger. */
export const smallAnswerBytes = 64 * 1024;

/** What a backend may go by that puts an answer of many values together. */
export interface AnswerRoom {
  /** Bytes that the values of one answer may have together, where there are several. */
  readonly answerBytes: number;
}

/** What an entry takes beside its key and value, roughly. */
const bytesOfEntry = 64;

/** Roughly what an answer takes once it is encoded, without encoding it: its bytes and texts. */
export function sizeOfAnswer(answer: unknown): number {
  if (typeof answer === "string" || answer instanceof Uint8Array) return answer.length;
  if (typeof answer !== "object" || answer === null) return 0;
  let bytes = 0;
  for (const value of Object.values(answer)) bytes += sizeOfAnswer(value);
  return bytes;
}

/** An answer of several values that has more bytes than it may. */
export function answerTooLarge(most: number): PluginError {
  const message = `the values asked for have more than answer_bytes (${most}) together: ask for fewer keys at once, or for pages`;
  return new PluginError(Code.RESOURCE_EXHAUSTED, message);
}

/**
 * The entries of several keys, in the order asked, each key read once however often it is named. Throws RESOURCE_EXHAUSTED
 * as soon as they are more than an answer may hold, found or not, before the rest is read.
 */
export function entriesOf(
  keys: readonly string[],
  read: (key: string) => Uint8Array | undefined,
  { answerBytes }: AnswerRoom,
): { key: string; found: boolean; value?: Uint8Array }[] {
  const known = new Map<string, Uint8Array | undefined>();
  let bytes = 0;
  return keys.map((key) => {
    if (!known.has(key)) known.set(key, read(key));
    const value = known.get(key);
    bytes += bytesOfEntry + key.length + (value?.length ?? 0);
    if (bytes > answerBytes && keys.length > 1) throw answerTooLarge(answerBytes);
    return value ? { key, found: true, value } : { key, found: false };
  });
}
