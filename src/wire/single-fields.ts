/**
 * Fields that Prism reads and that stand at most once: two of them could be read in two ways, by the first or by the
 * last. What is not here and is read is a list by its nature (`accept`, `content-encoding`, `grpc-accept-encoding`, `if-match`), or is held to
 * one meaning by the rules of HTTP/2 itself (`te`, pseudo-headers).
 */
export const singleFields = [
  "access-control-request-method",
  "authorization",
  "content-length",
  "content-range",
  "content-type",
  "expect",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "grpc-timeout",
  "host",
  "if-range",
  "origin",
  "prism-error-code",
  "prism-namespace",
  "prism-plugin-token",
  "prism-principal",
  "prism-ttl-ms",
  "range",
  "traceparent",
] as const;

/** A bit each, so that who looks for a double keeps no list. */
const bits: ReadonlyMap<string, number> = new Map(singleFields.map((name, at) => [name, 1 << at]));

/**
 * The name, in lower case, of a field that stands twice in a list and may stand once; undefined where there is none. Names
 * and values in turn.
 */
export function doubledField(fields: readonly string[]): string | undefined {
  let seen = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const bit = bits.get(fields[i] ?? "");
    if (bit === undefined) continue;
    if ((seen & bit) !== 0) return fields[i];
    seen |= bit;
  }
  return undefined;
}
