import { isUtf8 } from "node:buffer";
import { readNumber } from "./json-number.js";
import { type JsonBounds, type JsonPlace, JsonProblem } from "./json-problem.js";
import { type ReadJson, setOwn } from "./json-value.js";

const [Quote, Backslash, Comma, Colon, LineFeed] = [0x22, 0x5c, 0x2c, 0x3a, 0x0a];
const [OpenObject, CloseObject, OpenList, CloseList] = [0x7b, 0x7d, 0x5b, 0x5d];
const longestWord = "false".length;
const nothing = Buffer.alloc(0);

/** What may stand next, as a failure says it. */
type Expected =
  "a value" | "a value or ]" | 'a key in "" or }' | 'a key in ""' | ":" | ", or }" | ", or ]" | "the end";

/**
 * Reads a JSON text (RFC 8259) whose bytes come piece by piece, and holds each bound before it builds anything. It takes
 * what JSON.parse takes, but for: a key that stands twice in an object, bytes that are no UTF-8, and half a surrogate
 * pair, which no UTF-8 can hold. Every key is data, `__proto__` too. Numbers that a double may not hold are kept as written.
 */
export class JsonReader {
  readonly #bounds: JsonBounds;
  #expected: Expected = "a value";
  #root: ReadJson | undefined;
  readonly #open: (ReadJson[] | Record<string, ReadJson>)[] = [];
  /** The keys whose values are being read, one for each object that is open. */
  readonly #keys: string[] = [];
  #values = 0;
  /** What is being read: a text, or a word, which is a number or one of true, false and null. */
  #token: "none" | "text" | "word" = "none";
  #kept = nothing;
  #keptLength = 0;
  #hasEscapes = false;
  #isEscaped = false;
  #isAscii = true;
  /** Bytes of earlier pieces. */
  #passed = 0;
  #line: number;
  /** Where the line begins; bytes within a code point move it on, so that columns are code points. */
  #lineAt = 0;
  #tokenColumn = 0;

  /** `line` is the number of the text's first line. */
  constructor(bounds: JsonBounds, line = 1) {
    this.#bounds = bounds;
    this.#line = line;
  }

  /** How many values there are so far. */
  get values(): number {
    return this.#values;
  }

  /** Whether nothing but white space has come. */
  get isBlank(): boolean {
    return this.#expected === "a value" && this.#open.length === 0 && this.#token === "none";
  }

  /** Reads on. Throws a JsonProblem, after which the reader is of no use. */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#token === "text") at = this.#readText(bytes, at);
      else if (this.#token === "word") at = this.#readWord(bytes, at);
      else at = this.#readMark(bytes, at);
    }
    this.#passed += bytes.length;
  }

  /** The value, once all of the text has come. Throws a JsonProblem where it is not whole. */
  end(): ReadJson {
    if (this.#token === "word") this.#endWord(nothing);
    const place = { line: this.#line, column: this.#columnAt(0) };
    if (this.#token === "text") throw new JsonProblem(place, 'it ends within a text: expected "');
    if (this.#root === undefined || this.#open.length > 0)
      throw new JsonProblem(place, `it ends too early: expected ${this.#expected}`);
    return this.#root;
  }

  /** What stands between texts and words; gives where to read on. */
  #readMark(bytes: Buffer, at: number): number {
    const byte = bytes[at] ?? 0;
    if (byte === LineFeed) {
      this.#line++;
      this.#lineAt = this.#passed + at + 1;
      return at + 1;
    }
    if (byte === 0x20 || byte === 0x09 || byte === 0x0d) return at + 1;
    if (byte === Comma || byte === Colon) this.#separate(byte, at);
    else if (byte === OpenObject || byte === OpenList) this.#begin(byte, at);
    else if (byte === CloseObject || byte === CloseList) this.#close(byte, at);
    else return this.#beginToken(byte, at);
    return at + 1;
  }

  #beginToken(byte: number, at: number): number {
    const isText = byte === Quote;
    if (!(isText && this.#expected.startsWith("a key"))) this.#checkValue(byte, at);
    if (!isText && !isOfWord(byte)) throw this.#unexpected(byte, at);
    this.#token = isText ? "text" : "word";
    this.#tokenColumn = this.#columnAt(at);
    this.#isAscii = true;
    this.#hasEscapes = false;
    return isText ? at + 1 : at;
  }

  #readText(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#isEscaped) at++;
    this.#isEscaped = false;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === Quote) {
        this.#endText(this.#whole(bytes.subarray(from, at)));
        return at + 1;
      }
      if (byte === Backslash) {
        this.#hasEscapes = true;
        // What it escapes is looked at in the end; a quotation mark does not end the text.
        this.#isEscaped = ++at === bytes.length;
      } else if (byte < 0x20) throw this.#problem(at, "a control character in a text: write it as \\u00…");
      else if (byte >= 0x80) {
        this.#isAscii = false;
        if (byte < 0xc0) this.#lineAt++;
      }
    }
    this.#keep(bytes.subarray(from));
    return bytes.length;
  }

  #endText(raw: Buffer): void {
    this.#token = "none";
    const text = this.#textOf(raw);
    if (!this.#expected.startsWith("a key")) return this.#add(text);
    const object = this.#open.at(-1);
    if (object && Object.hasOwn(object, text))
      throw this.#problemOfToken(`the key ${shown(text)} stands twice in one object`);
    this.#keys.push(text);
    this.#expected = ":";
  }

  #textOf(raw: Buffer): string {
    if (!this.#isAscii && !isUtf8(raw)) throw this.#problemOfToken("the text is not UTF-8");
    const text = raw.toString(this.#isAscii ? "latin1" : "utf8");
    if (!this.#hasEscapes) return text;
    let unescaped: string;
    try {
      // eslint-disable-next-line no-restricted-syntax -- one text, whose bytes are UTF-8
      unescaped = JSON.parse(`"${text}"`) as string;
    } catch {
      throw this.#problemOfToken(`the text has an escape that JSON does not know: ${shown(text)}`);
    }
    if (/\p{Cs}/u.test(unescaped))
      throw this.#problemOfToken("the text has half a surrogate pair (\\ud800 to \\udfff)");
    return unescaped;
  }

  #readWord(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length && isOfWord(bytes[at] ?? 0)) at++;
    this.#checkWord(this.#keptLength + at - from, bytes.subarray(from, at));
    if (at < bytes.length) this.#endWord(bytes.subarray(from, at));
    else this.#keep(bytes.subarray(from));
    return at;
  }

  #checkWord(length: number, last: Buffer): void {
    const [first = 0] = this.#keptLength > 0 ? this.#kept : last;
    const isNumber = first < 0x41;
    if (isNumber && length > this.#bounds.digits)
      throw this.#problemOfToken(`a number has more than ${this.#bounds.digits} digits`, "digits");
    if (isNumber || length <= longestWord) return;
    const word = Buffer.concat([this.#kept.subarray(0, this.#keptLength), last.subarray(0, longestWord)]);
    throw this.#problemOfToken(`expected ${this.#expected}, got "${word.toString("latin1")}…`);
  }

  #endWord(last: Buffer): void {
    this.#token = "none";
    const word = this.#whole(last).toString("latin1");
    const value =
      word === "null" ? null : word === "true" ? true : word === "false" ? false : readNumber(word);
    if (value === undefined) throw this.#problemOfToken(`expected ${this.#expected}, got ${shown(word)}`);
    this.#add(value);
  }

  #begin(byte: number, at: number): void {
    this.#checkValue(byte, at);
    if (this.#open.length >= this.#bounds.depth)
      throw this.#problem(at, `more than ${this.#bounds.depth} objects and lists within each other`, "depth");
    this.#tokenColumn = this.#columnAt(at);
    const opened = byte === OpenObject ? {} : [];
    this.#add(opened);
    this.#open.push(opened);
    this.#expected = byte === OpenObject ? 'a key in "" or }' : "a value or ]";
  }

  #close(byte: number, at: number): void {
    const mark = byte === CloseObject ? "}" : "]";
    if (!this.#expected.endsWith(` or ${mark}`)) throw this.#unexpected(byte, at);
    this.#open.pop();
    this.#expected = this.#afterValue();
  }

  #separate(byte: number, at: number): void {
    if (byte === Colon && this.#expected === ":") this.#expected = "a value";
    else if (byte === Comma && this.#expected === ", or }") this.#expected = 'a key in ""';
    else if (byte === Comma && this.#expected === ", or ]") this.#expected = "a value";
    else throw this.#unexpected(byte, at);
  }

  /** A value has been read, or has begun. */
  #add(value: ReadJson): void {
    if (++this.#values > this.#bounds.values)
      throw this.#problemOfToken(`more than ${this.#bounds.values} values`, "values");
    const container = this.#open.at(-1);
    if (container === undefined) this.#root = value;
    else if (Array.isArray(container)) container.push(value);
    else setOwn(container, this.#keys.pop() ?? "", value);
    this.#expected = this.#afterValue();
  }

  #afterValue(): Expected {
    const container = this.#open.at(-1);
    if (container === undefined) return "the end";
    return Array.isArray(container) ? ", or ]" : ", or }";
  }

  #checkValue(byte: number, at: number): void {
    if (!this.#expected.startsWith("a value")) throw this.#unexpected(byte, at);
  }

  /** Keeps a copy of a token's bytes until the next piece. */
  #keep(bytes: Buffer): void {
    const needed = this.#keptLength + bytes.length;
    if (needed > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#kept.length));
      this.#kept.copy(grown, 0, 0, this.#keptLength);
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#keptLength);
    this.#keptLength = needed;
  }

  /** All bytes of a token whose last ones these are. */
  #whole(last: Buffer): Buffer {
    if (this.#keptLength === 0) return last;
    this.#keep(last);
    const whole = this.#kept.subarray(0, this.#keptLength);
    this.#kept = nothing;
    this.#keptLength = 0;
    return whole;
  }

  #columnAt(at: number): number {
    return this.#passed + at - this.#lineAt + 1;
  }

  #unexpected(byte: number, at: number): JsonProblem {
    const isMark = this.#passed + at === 0 && byte === 0xef;
    const got =
      byte > 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `the byte 0x${byte.toString(16).padStart(2, "0")}`;
    const remedy = isMark ? ": leave out the byte order mark" : "";
    return this.#problem(at, `expected ${this.#expected}, got ${got}${remedy}`);
  }

  #problem(at: number, what: string, bound?: keyof JsonBounds): JsonProblem {
    return new JsonProblem({ line: this.#line, column: this.#columnAt(at) }, what, bound);
  }

  /** Of what is being read, or was read last. */
  #problemOfToken(what: string, bound?: keyof JsonBounds): JsonProblem {
    const place: JsonPlace = { line: this.#line, column: this.#tokenColumn };
    return new JsonProblem(place, what, bound);
  }
}

/** Digits, letters, and what else numbers are written with. */
function isOfWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}

function shown(text: string): string {
  const longest = 60;
  return text.length <= longest ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, longest))}…`;
}
