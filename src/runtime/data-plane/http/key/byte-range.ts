/** Part of a value: from its byte `start`, `bytes` long. */
export interface ByteRange {
  readonly start: number;
  readonly bytes: number;
}

const rangeForm = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/i;

/**
 * What the Range field asks of a value so long (RFC 9110, section 14). "all" where it asks for nothing that we do: no
 * range, several, another unit; "none" where it lies outside of the value.
 */
export function rangeIn(field: string | undefined, valueBytes: number): ByteRange | "all" | "none" {
  const found = rangeForm.exec(field?.replace(/[ \t]/g, "") ?? "");
  if (!found) return "all";
  const [, first, last = "", suffix] = found;
  if (suffix !== undefined) return within(Math.max(0, valueBytes - Number(suffix)), valueBytes, valueBytes);
  if (last !== "" && Number(last) < Number(first)) return "all";
  return within(Number(first), last === "" ? valueBytes : Number(last) + 1, valueBytes);
}

function within(start: number, end: number, valueBytes: number): ByteRange | "none" {
  const bytes = Math.min(end, valueBytes) - start;
  return bytes > 0 ? { start, bytes } : "none";
}
