import { missingSdkRemedy } from "./missing-sdk.js";

/** What a plugin wrote last, for the sentence that says why it fell. */
export class LastWords {
  readonly #lines: string[] = [];
  readonly #keep: number;

  constructor(keep = 5) {
    this.#keep = keep;
  }

  add(line: string): void {
    // What is indented belongs to a stack or a traceback; the line before or after it says what happened.
    if (line.trim() === "" || /^\s/.test(line)) return;
    this.#lines.push(messageOf(line));
    if (this.#lines.length > this.#keep) this.#lines.shift();
  }

  /** As the end of a sentence: `; the last it wrote: "…"`, with the remedy where it is known. Empty where it wrote nothing. */
  toString(): string {
    if (this.#lines.length === 0) return "";
    const text = this.#lines.join(" / ");
    const remedy = missingSdkRemedy(text);
    const told = JSON.stringify(text.length > 600 ? `…${text.slice(-600)}` : text);
    return `; the last it wrote on stderr: ${told}${remedy === undefined ? "" : `; ${remedy}`}`;
  }
}

/** Plugins on the SDK write JSON; of that only the message is words. */
function messageOf(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    // eslint-disable-next-line no-restricted-syntax -- for eyes
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === "object" && parsed !== null && "msg" in parsed && typeof parsed.msg === "string") {
      return parsed.msg;
    }
  } catch {
    // Not JSON after all.
  }
  return line;
}
