import type { BlockKind, HeaderFacts } from "./header-facts.js";
import type { HeaderList } from "./header-list.js";

const requestPseudo: ReadonlySet<string> = new Set([":method", ":scheme", ":path", ":authority"]);
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
// Visible ASCII without upper case and without the colon, which only pseudo-headers have.
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const badValue = /[\0\r\n]/;

/**
 * What the rules say of a list; looked up where it is known, because a list comes again and again. `like` is a sound list
 * that came before: one that differs from it only in plain values is looked at no closer, 0.1 µs against 0.55.
 */
export function factsOf(list: HeaderList, kind: BlockKind, like?: HeaderList): HeaderFacts {
  const { facts } = list;
  if (facts?.kind === kind) return facts;
  const known = like?.facts;
  return (list.facts = like && known?.kind === kind && isLike(list, like) ? known : examine(list, kind));
}

/** Whether a list has the same names as a sound one, and values that are the same, or clean where nothing hangs on them. In doubt it has not. */
function isLike({ fields }: HeaderList, { fields: others }: HeaderList): boolean {
  if (fields.length !== others.length) return false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    if (name !== others[i]) return false;
    if (value === others[i + 1]) continue;
    if (hasRules(name) || value === "" || !isPlain(value)) return false;
  }
  return true;
}

/** Whether a value is surely clean: no control characters. Takes half the time of a RegExp. */
function isPlain(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) < 0x20) return false;
  return true;
}

/** Whether more hangs on a field's value than that it is clean, and of `:path` that it is not empty. */
function hasRules(name: string): boolean {
  return name === "te" || name === "content-length" || (name.startsWith(":") && name !== ":path");
}

/** What RFC 9113, sections 8.1.1, 8.2 and 8.3, say of a list. */
export function examine(list: HeaderList, kind: BlockKind): HeaderFacts {
  const contentLength = kind === "trailers" ? -1 : announcedLength(list);
  const fault =
    fieldFault(list, kind) ??
    pseudoFault(list, kind) ??
    (contentLength === undefined ? "content-length is not one number" : undefined);
  const informational = kind === "response" && (list.get(":status") ?? "").startsWith("1");
  return { kind, fault, contentLength: contentLength ?? -1, informational };
}

function fieldFault({ fields }: HeaderList, kind: BlockKind): string | undefined {
  const seen = new Set<string>();
  let regularSeen = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    if (badValue.test(value)) return `the value of ${JSON.stringify(name)} holds a line break or NUL`;
    if (name.startsWith(":")) {
      if (regularSeen) return `${name} after a regular field`;
      if (seen.has(name)) return `${name} twice`;
      seen.add(name);
      if (!mayCarry(kind, name)) return `${name} does not belong in a block of ${kind}`;
      continue;
    }
    regularSeen = true;
    if (!fieldName.test(name)) return `${JSON.stringify(name)} is no field name`;
    if (ofConnection.has(name)) return `${name} belongs to a connection of HTTP/1`;
    if (name === "te" && value !== "trailers") return "te other than trailers";
  }
  return undefined;
}

function mayCarry(kind: BlockKind, pseudo: string): boolean {
  if (kind === "request") return requestPseudo.has(pseudo);
  return kind === "response" && pseudo === ":status";
}

function pseudoFault(list: HeaderList, kind: BlockKind): string | undefined {
  if (kind === "trailers") return undefined;
  if (kind === "response") {
    const status = list.get(":status") ?? "";
    // 101 is HTTP/1's way to change the protocol (RFC 9113, section 8.6).
    return /^[1-9]\d\d$/.test(status) && status !== "101" ? undefined : ":status is missing or none";
  }
  const method = list.get(":method");
  if (!method) return ":method is missing";
  if (method === "CONNECT") return connectFault(list);
  if (!list.get(":scheme")) return ":scheme is missing";
  return list.get(":path") ? undefined : ":path is missing";
}

function connectFault(list: HeaderList): string | undefined {
  if (list.get(":scheme") !== undefined || list.get(":path") !== undefined)
    return "CONNECT with :scheme or :path";
  return list.get(":authority") ? undefined : "CONNECT without :authority";
}

/** -1 = not announced; undefined = not a number, or several that differ. */
function announcedLength({ fields }: HeaderList): number | undefined {
  let announced: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== "content-length") continue;
    if (announced !== undefined && announced !== fields[i + 1]) return undefined;
    announced = fields[i + 1] ?? "";
    if (!/^\d{1,15}$/.test(announced)) return undefined;
  }
  return announced === undefined ? -1 : Number(announced);
}
