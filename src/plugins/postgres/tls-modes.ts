import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { invalidParameter, unreadableFile } from "./errors.js";
import { parametersOf } from "./parameters.js";

/** One way to reach a server: what to connect to, and how the connection is encrypted; false = not at all. */
export interface Way {
  readonly connectionString: string;
  readonly ssl: ConnectionOptions | false;
}

/** What `sslmode` may be, as libpq has it, and `no-verify`, by which pg knows libpq's `require`. */
const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const;
type Mode = (typeof modes)[number];

/**
 * The ways that a connection string allows, the preferred one first; the next is for a server that does not take the
 * one before. `sslmode` means what it means to libpq, `prefer` where it is absent (libpq's documentation, "SSL Support").
 * Throws a sentence for the operator, files that cannot be read included; they are read anew each time.
 */
export function waysTo(connectionString: string): readonly [Way, Way?] {
  const { base, tls, others } = parametersOf(connectionString);
  const mode = modeOf(tls);
  const query = others.toString();
  const way = (ssl: Way["ssl"], more = ""): Way => {
    const all = [query, more].filter(Boolean).join("&");
    return { connectionString: all === "" ? base : `${base}?${all}`, ssl };
  };
  const plain = way(false);
  if (mode === "disable") return [plain];
  const encrypted = way(tlsOptions(mode, tls), directly(mode, tls));
  // A Unix socket needs no encryption, and PostgreSQL offers none on it.
  const isLocal = others.get("host")?.startsWith("/") ?? /^[^:]+:\/\/([^@/]*@)?%2f/i.test(base);
  if (mode === "allow") return isLocal ? [plain] : [plain, encrypted];
  if (mode === "prefer") return isLocal ? [plain] : [encrypted, plain];
  return [encrypted];
}

function modeOf(tls: ReadonlyMap<string, string>): Mode {
  // As libpq reads the `ssl=true` of JDBC's addresses.
  const told = tls.get("sslmode") ?? (tls.get("ssl") === "true" ? "require" : "prefer");
  const mode = modes.find((known) => known === told);
  if (mode === undefined) throw invalidParameter("sslmode", `expected ${modes.join(" | ")}`);
  return mode;
}

/** `sslnegotiation=direct` begins with TLS; as for libpq, only where nothing but TLS will do. */
function directly(mode: Mode, tls: ReadonlyMap<string, string>): string {
  const told = tls.get("sslnegotiation") ?? "postgres";
  if (told === "postgres") return "";
  if (told !== "direct") throw invalidParameter("sslnegotiation", "expected postgres | direct");
  if (mode === "allow" || mode === "prefer")
    throw invalidParameter("sslnegotiation", "direct needs sslmode=require, verify-ca or verify-full");
  return "sslnegotiation=direct";
}

function tlsOptions(mode: Mode, tls: ReadonlyMap<string, string>): ConnectionOptions {
  const root = tls.get("sslrootcert");
  const usesSystem = root === "system";
  if (usesSystem && mode !== "verify-full")
    throw invalidParameter("sslrootcert", "system needs sslmode=verify-full");
  if (mode === "verify-ca" && root === undefined)
    throw invalidParameter(
      "sslmode",
      "verify-ca needs the authority's certificate: set sslrootcert=/path/ca.pem",
    );
  // As for libpq: an authority that is named is asked, though `require` alone asks none.
  const verifies = mode.startsWith("verify") || (mode === "require" && root !== undefined);
  const passphrase = tls.get("sslpassword");
  return {
    ...(root !== undefined && !usesSystem && { ca: fileOf("sslrootcert", root) }),
    ...ownCertificate(tls),
    ...(passphrase !== undefined && { passphrase }),
    rejectUnauthorized: verifies,
    ...(mode !== "verify-full" && { checkServerIdentity: () => undefined }),
  };
}

function ownCertificate(tls: ReadonlyMap<string, string>): Pick<ConnectionOptions, "cert" | "key"> {
  const [cert, key] = [tls.get("sslcert"), tls.get("sslkey")];
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined)
    throw invalidParameter("sslkey", "it needs its certificate: set sslcert=/path/me.pem");
  if (key === undefined) throw invalidParameter("sslcert", "it needs its key: set sslkey=/path/me.key");
  return { cert: fileOf("sslcert", cert), key: fileOf("sslkey", key) };
}

function fileOf(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (reason) {
    throw unreadableFile(parameter, path, reason);
  }
}
