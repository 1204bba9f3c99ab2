import { missingSdkRemedy } from "./missing-sdk.js";

/** Characters that are told. */
const longestText = 600;

/** What a plugin wrote last, for the sentence that says why it fell. */
export class LastWords {
  readonly #lines: string[] = [];
  readonly #keep: number;
  /** It wrote lines that the sentence leaves out. */
  #leavesOut = false;

  constructor(keep = 5) {
    this.#keep = keep;
  }

  add(line: string): void {
    // What is indented belongs to a stack or a traceback; the line before or after it says what happened.
    if (line.trim() === "") return;
    if (/^\s/.test(line)) {
      this.#leavesOut = true;
      return;
    }
    this.#lines.push(messageOf(line));
    if (this.#lines.length <= this.#keep) return;
    this.#lines.shift();
    this.#leavesOut = true;
  }

  /** As the end of a sentence: `; the last it wrote: "…"`, with the remedy where it is known, and that the log has more where it does. Empty where it wrote nothing. */
  toString(): string {
    if (this.#lines.length === 0) return "";
    const text = this.#lines.join(" / ");
    const isLong = text.length > longestText;
    const told = JSON.stringify(isLong ? `…${text.slice(-longestText)}` : text);
    const behind = [
      missingSdkRemedy(text) ?? "",
      this.#leavesOut || isLong ? "the log has more of what it wrote" : "",
    ];
    return ["", `the last it wrote on stderr: ${told}`, ...behind.filter(Boolean)].join("; ");
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
