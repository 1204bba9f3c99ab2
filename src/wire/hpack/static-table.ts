// prettier-ignore
const fields: readonly string[] = [
  ":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http",
  ":scheme", "https", ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400",
  ":status", "404", ":status", "500", "accept-charset", "", "accept-encoding", "gzip, deflate",
  "accept-language", "", "accept-ranges", "", "accept", "", "access-control-allow-origin", "", "age", "",
  "allow", "", "authorization", "", "cache-control", "", "content-disposition", "", "content-encoding", "",
  "content-language", "", "content-length", "", "content-location", "", "content-range", "", "content-type", "",
  "cookie", "", "date", "", "etag", "", "expect", "", "expires", "", "from", "", "host", "", "if-match", "",
  "if-modified-since", "", "if-none-match", "", "if-range", "", "if-unmodified-since", "", "last-modified", "",
  "link", "", "location", "", "max-forwards", "", "proxy-authenticate", "", "proxy-authorization", "",
  "range", "", "referer", "", "refresh", "", "retry-after", "", "server", "", "set-cookie", "",
  "strict-transport-security", "", "transfer-encoding", "", "user-agent", "", "vary", "", "via", "",
  "www-authenticate", "",
];

/** Entries of the static table (RFC 7541, appendix A); their indexes begin with 1. */
export const staticEntries = fields.length / 2;

/** The name at an index of the static table. */
export function staticName(index: number): string {
  return fields[(index - 1) * 2] ?? "";
}

/** The value at an index of the static table. */
export function staticValue(index: number): string {
  return fields[(index - 1) * 2 + 1] ?? "";
}

/** Where a name stands first, and which of its values stand where. */
export interface StaticPlaces {
  readonly index: number;
  readonly values: ReadonlyMap<string, number>;
}

/** The static table by name. */
export const staticPlaces: ReadonlyMap<string, StaticPlaces> = byName();

function byName(): Map<string, StaticPlaces> {
  const places = new Map<string, { index: number; values: Map<string, number> }>();
  for (let index = 1; index <= staticEntries; index++) {
    const known = places.get(staticName(index)) ?? { index, values: new Map<string, number>() };
    known.values.set(staticValue(index), index);
    places.set(staticName(index), known);
  }
  return places;
}
