/**
 * What steers a terminal, or what a reader takes for other text: C0 but tab and newline, DEL, C1, the separators of
 * lines and paragraphs, and the marks that turn the direction of writing.
 */
const steering = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text with such characters written out, as `\u001b`. Of JSON it makes JSON that means the same. */
export function printable(text: string): string {
  return text.replace(steering, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A value with every text in it {@link printable}, its keys too. */
export function printableIn<Value>(value: Value): Value {
  // Texts become texts, lists lists: the type stays.
  return written(value) as Value;
}

function written(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), written(inner)]));
}
