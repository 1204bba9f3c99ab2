import { resolve } from "node:path";
import { hiddenText } from "../../protocol/index.js";
import { holdsHidden } from "../model/hidden-text.js";
import { isList, isMapping, textsIn } from "./json.js";
import { mayBeSecret } from "./check-shape.js";
import type { ExaminedDocument } from "./examined-document.js";
import { hasMistakenReference, hasReference } from "./secrets.js";
import type { Path } from "./finding.js";
import { isLocal, longestSocketPath, readListenAddress, readTime } from "./values.js";

// What no key can tell alone. These run whether or not the schema found the document wanting, so that every problem is
// told at once; each looks only at keys that are not wrong already.

/** The names of a list's entries must differ. */
export function checkNames(document: ExaminedDocument, key: "namespaces" | "plugins"): void {
  const lines = new Map<string, number>();
  for (const index of entriesOf(document, key)) {
    const path = [key, index, "name"] as const;
    const name = document.at(...path);
    if (typeof name !== "string" || document.isWrong(...path)) continue;
    const first = lines.get(name);
    if (first === undefined) lines.set(name, document.lineOf(...path));
    else document.tell([{ path, message: `"${name}" stands twice, first in line ${first}` }]);
  }
}

/** Who is beyond this machine is served over TLS, and where that is meant; and each address serves one purpose. */
export function checkAddresses(document: ExaminedDocument, directory: string): void {
  const seen = new Map<string, string>();
  for (const path of addressPaths(document)) {
    const address = readListenAddress(document.at(...path));
    if (address === undefined || document.isWrong(...path)) continue;
    const socket = address.kind === "unix" ? resolve(directory, address.path) : undefined;
    const same = seen.get(socket ?? address.text);
    const against = isLocal(address) ? undefined : reasonAgainstBeyond(document, path);
    if (against !== undefined) {
      const expected = `a loopback address or a Unix socket, ${against}`;
      document.tell([{ path, message: `expected ${expected}, got "${address.text}"` }]);
    } else if (socket !== undefined && Buffer.byteLength(socket) > longestSocketPath) {
      const got = `got ${Buffer.byteLength(socket)}: ${socket}`;
      document.tell([
        {
          path,
          message: `expected a socket's path of at most ${longestSocketPath} bytes, ${got}`,
        },
      ]);
    } else if (same !== undefined) {
      document.tell([{ path, message: `"${address.text}" is taken by ${same}` }]);
    }
    const anyPort = address.kind === "tcp" && address.port === 0;
    if (!anyPort) seen.set(socket ?? address.text, path.join("."));
  }
}

/** Credentials are for pages that are known (Fetch standard: not with "*"). */
export function checkCors(document: ExaminedDocument): void {
  const path = ["server", "cors", "credentials"] as const;
  const origins = document.at("server", "cors", "origins");
  if (document.at(...path) !== true || !isList(origins) || !origins.includes("*")) return;
  const message = 'expected false where origins has "*": list the origins that may use credentials';
  document.tell([{ path, message }]);
}

/** Why an address may not be one that other machines reach; undefined where it may. */
function reasonAgainstBeyond(document: ExaminedDocument, [, key]: Path): string | undefined {
  if (key === "admin") return "as admin_tls is not available yet";
  if (!isMapping(document.at("server", "tls"))) return "as there is no server.tls";
  const isMeant = document.at("auth", "insecure") === true || document.at("auth", "mode") === "required";
  return isMeant
    ? undefined
    : "as whoever reaches it may call (auth.mode: none); auth.insecure: true says that this is meant";
}

/** Clients' certificates are held against somebody's. */
export function checkClientAuth(document: ExaminedDocument): void {
  const path = ["server", "tls", "client_auth"] as const;
  const clientAuth = document.at(...path);
  if (clientAuth !== "optional" && clientAuth !== "required") return;
  if (document.at("server", "tls", "client_ca") === undefined)
    document.tell([
      { path, message: `${clientAuth} needs client_ca, a file with who signs clients' certificates` },
    ]);
}

/** A place for secrets is of one kind. */
export function checkSecretProviders(document: ExaminedDocument): void {
  for (const index of entriesOf(document, "secrets")) {
    const path = ["secrets", index] as const;
    const kinds = ["env", "files", "vault"].filter((kind) => document.at(...path, kind) !== undefined);
    if (kinds.length !== 1 && !document.isWrong(...path))
      document.tell([
        {
          path,
          message: `expected one of env, files, vault, got ${kinds.join(", ") || "nothing"}`,
        },
      ]);
  }
}

/** References to secrets are well written, and stand where they are resolved. */
export function checkReferences(document: ExaminedDocument): void {
  for (const { text, path } of textsIn(document.value)) {
    if (!text.includes("{{")) continue;
    if (hasMistakenReference(text))
      document.tell([{ path, message: "expected {{ secret:name }}, got something like it" }]);
    else if (hasReference(text) && isInCommand(path))
      document.tell([
        {
          path,
          message:
            "a secret among arguments stands in `ps` for every user of the machine; put it in plugin.env or credentials",
        },
      ]);
    else if (hasReference(text) && !mayBeSecret(path))
      document.tell([
        {
          path,
          message: "a secret may stand in a namespace's config, credentials, plugin.env and plugin.token",
        },
      ]);
  }
}

function isInCommand([root, , ...keys]: Path): boolean {
  return keys[root === "plugins" ? 0 : 1] === "command";
}

/** What `prism ns get` shows in place of a secret is no secret. */
export function checkHidden(document: ExaminedDocument): void {
  for (const { text, path } of textsIn(document.value)) {
    if (!holdsHidden(text) || !mayBeSecret(path)) continue;
    const message = `expected a secret, got the ${hiddenText} that is shown in its place: write {{ secret:name }} or the secret itself`;
    document.tell([{ path, message }]);
  }
}

/** Back-off cannot begin beyond its end. */
export function checkBackOff(document: ExaminedDocument): void {
  for (const index of entriesOf(document, "namespaces")) {
    const path = ["namespaces", index, "plugin", "restart"] as const;
    const first = readTime(document.at(...path, "backoff_ms") ?? 200);
    const last = readTime(document.at(...path, "max_backoff_ms") ?? 30_000);
    if (first === undefined || last === undefined || document.isWrong(...path) || first <= last) continue;
    const key = document.at(...path, "max_backoff_ms") === undefined ? "backoff_ms" : "max_backoff_ms";
    document.tell([
      {
        path: [...path, key],
        message: `expected backoff_ms ≤ max_backoff_ms, got ${first} > ${last}`,
      },
    ]);
  }
}

/** The positions of a list's entries, none where there is no list. */
export function entriesOf(document: ExaminedDocument, key: string): readonly number[] {
  const entries = document.at(key);
  return isList(entries) ? [...entries.keys()] : [];
}

function addressPaths(document: ExaminedDocument): readonly Path[] {
  const listen = document.at("server", "listen");
  const lists = isList(listen)
    ? [...listen.keys()].map((index) => ["server", "listen", index])
    : [["server", "listen"]];
  return [...lists, ["server", "admin"]];
}
