import type { HeaderList } from "./header-list.js";

/** What a header block is for; each has rules of its own (RFC 9113, section 8). */
export type BlockKind = "request" | "response" | "trailers";

const requestPseudo: ReadonlySet<string> = new Set([
  ":method",
  ":scheme",
  ":path",
  ":authority",
  ":protocol",
]);
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
// Visible ASCII without upper case and without the colon, which only pseudo-headers have.
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const badValue = /[\0\r\n]|^[ \t]|[ \t]$/;

/** Lists that kept the rules; a list is handed out again and again, and need be checked once only. */
const sound = {
  request: new WeakSet<HeaderList>(),
  response: new WeakSet<HeaderList>(),
  trailers: new WeakSet<HeaderList>(),
};

/** Why a block is malformed (RFC 9113, sections 8.2 and 8.3); undefined where it is not. */
export function malformed(list: HeaderList, kind: BlockKind): string | undefined {
  if (sound[kind].has(list)) return undefined;
  const why = regularFault(list, kind) ?? pseudoFault(list, kind);
  if (why === undefined) sound[kind].add(list);
  return why;
}

function regularFault({ fields }: HeaderList, kind: BlockKind): string | undefined {
  let regularSeen = false;
  const seen = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    if (badValue.test(value)) return `the value of ${name} holds what it must not`;
    if (name.startsWith(":")) {
      if (regularSeen) return `${name} after a regular field`;
      if (seen.has(name)) return `${name} twice`;
      seen.add(name);
      const known = kind === "request" ? requestPseudo.has(name) : kind === "response" && name === ":status";
      if (!known) return `${name} does not belong here`;
      continue;
    }
    regularSeen = true;
    if (!fieldName.test(name)) return "a field name that is none";
    if (ofConnection.has(name)) return `${name} belongs to a connection`;
    if (name === "te" && value !== "trailers") return "te other than trailers";
  }
  return undefined;
}

function pseudoFault(list: HeaderList, kind: BlockKind): string | undefined {
  if (kind === "response")
    return /^[1-9]\d\d$/.test(list.get(":status") ?? "") ? undefined : ":status is missing or none";
  if (kind === "trailers") return undefined;
  if (!list.get(":method")) return ":method is missing";
  if (list.get(":method") === "CONNECT") return undefined;
  if (!list.get(":scheme")) return ":scheme is missing";
  return list.get(":path") ? undefined : ":path is missing";
}
