/** A number of JSON that is kept as it was written, because a double may not hold all of it. */
export class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double. */
  get rounded(): number {
    return Number(this.text);
  }
}

const form = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Every number of so many digits is told apart by a double, and those of an int64 have no more than 19. */
const safeDigits = 15;
const longestInteger = 20;
/** Nearer to 0 doubles have fewer digits. */
const smallestNormal = 2 ** -1022;
/** More digits Number.prototype.toPrecision does not tell. */
const mostPrecise = 100;

/** Reads a number as JSON writes it: a double where that is exactly what was meant, else as it was written; undefined where it is none. */
export function readNumber(text: string): number | WrittenNumber | undefined {
  if (!form.test(text)) return undefined;
  const value = Number(text);
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(value) ? value : new WrittenNumber(text);
  const { digits } = significant(text);
  const isNormal = Math.abs(value) >= smallestNormal || digits === "";
  const isSafe = isNormal && digits.length <= safeDigits && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return isSafe ? value : new WrittenNumber(text);
}

/** The whole number that is written, exactly; undefined where it is none, or has more digits than any field of protobuf. */
export function wholeNumber({ text }: WrittenNumber): bigint | undefined {
  const { sign, digits, exponent } = significant(text);
  if (digits === "") return 0n;
  if (exponent < 0 || digits.length + exponent > longestInteger) return undefined;
  return BigInt(`${sign}${digits}${"0".repeat(exponent)}`);
}

/** The double that tells all the digits that are written; undefined where none does. */
export function doubleOf({ text, rounded }: WrittenNumber): number | undefined {
  const written = significant(text);
  if (written.digits === "") return rounded;
  if (!Number.isFinite(rounded) || written.digits.length > mostPrecise) return undefined;
  const told = significant(rounded.toPrecision(written.digits.length));
  return told.digits === written.digits && told.exponent === written.exponent ? rounded : undefined;
}

/** A number as sign, digits and a power of ten, no zero at either end of the digits. Zero has none. */
function significant(text: string): { sign: string; digits: string; exponent: number } {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = mantissa.slice(sign.length).split(".");
  const all = trimStart(whole + fraction);
  const digits = trimEnd(all);
  return { sign, digits, exponent: Number(power) - fraction.length + (all.length - digits.length) };
}

function trimStart(digits: string): string {
  return digits.replace(/^0+/, "");
}

/** Without a regular expression, which would look at every run of zeros to its end. */
function trimEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}
