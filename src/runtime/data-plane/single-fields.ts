/**
 * Fields that a request says once at most, names in lower case. Prism reads one value of each: of two, another reader on
 * the way might take the other.
 */
export const singleFields: ReadonlySet<string> = new Set([
  ...["access-control-request-method", "authorization", "content-length", "content-range", "content-type"],
  ...["grpc-encoding", "grpc-timeout", "host", "if-range", "origin"],
  ...["prism-namespace", "prism-ttl-ms", "range"],
]);

/** The first of them that stands twice among names and values in turn; undefined where none does. */
export function repeatedField(fields: readonly string[]): string | undefined {
  for (let i = 2; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (!singleFields.has(name)) continue;
    for (let before = 0; before < i; before += 2) if (fields[before] === name) return name;
  }
  return undefined;
}
