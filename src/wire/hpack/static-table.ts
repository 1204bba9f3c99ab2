/** The static table of HPACK (RFC 7541, appendix A): name and value in turn, from index 1 on. */
export const staticTable: readonly string[] = [
  "", "",
  ":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http",
  ":scheme", "https", ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400",
  ":status", "404", ":status", "500", "accept-charset", "", "accept-encoding", "gzip, deflate", "accept-language", "",
  "accept-ranges", "", "accept", "", "access-control-allow-origin", "", "age", "", "allow", "", "authorization", "",
  "cache-control", "", "content-disposition", "", "content-encoding", "", "content-language", "", "content-length", "",
  "content-location", "", "content-range", "", "content-type", "", "cookie", "", "date", "", "etag", "", "expect", "",
  "expires", "", "from", "", "host", "", "if-match", "", "if-modified-since", "", "if-none-match", "", "if-range", "",
  "if-unmodified-since", "", "last-modified", "", "link", "", "location", "", "max-forwards", "",
  "proxy-authenticate", "", "proxy-authorization", "", "range", "", "referer", "", "refresh", "", "retry-after", "",
  "server", "", "set-cookie", "", "strict-transport-security", "", "transfer-encoding", "", "user-agent", "",
  "vary", "", "via", "", "www-authenticate", "",
]; // prettier-ignore

/** Entries of the static table. */
export const staticEntries = staticTable.length / 2 - 1;

/** Where a field, or only its name, stands in the static table. */
export const staticIndexOfField: ReadonlyMap<string, number> = indexBy(
  (at) => `${staticTable[at]}\n${staticTable[at + 1]}`,
);
/** The first place of each name. */
export const staticIndexOfName: ReadonlyMap<string, number> = indexBy((at) => staticTable[at] ?? "");

function indexBy(key: (at: number) => string): Map<string, number> {
  const places = new Map<string, number>();
  for (let index = staticEntries; index > 0; index--) places.set(key(index * 2), index);
  return places;
}
