import { invalidParameter } from "./errors.js";

const tlsParameters = new Set([
  ...["ssl", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslnegotiation"],
  // By which pg asks for libpq's meanings, which are the only ones here.
  "uselibpqcompat",
]);
const otherParameters = new Set([
  ...["host", "port", "user", "password", "application_name", "fallback_application_name", "client_encoding"],
  ...["options", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"],
]);

/** A connection string in its parts. */
export interface Parameters {
  /** What stands before the parameters. */
  readonly base: string;
  /** Those about TLS, by name. */
  readonly tls: ReadonlyMap<string, string>;
  /** All others. */
  readonly others: URLSearchParams;
}

/** Takes a connection string apart. A parameter that is unknown, or stands twice, is refused: it would have no effect, or one of two. */
export function parametersOf(connectionString: string): Parameters {
  const [base = "", query = ""] = connectionString.replace(/#.*$/s, "").split(/\?(.*)/s);
  const tls = new Map<string, string>();
  const others = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(query)) {
    if (tls.has(name) || others.has(name)) throw invalidParameter(name, "it stands twice: leave one out");
    if (tlsParameters.has(name)) tls.set(name, value);
    else if (otherParameters.has(name)) others.set(name, value);
    else throw unknownParameter(name);
  }
  return { base, tls, others };
}

function unknownParameter(name: string): Error {
  const known = [...otherParameters, ...tlsParameters].join(", ");
  // What looks like no name may be the end of a password with a `?` in it.
  const isName = /^[a-z_]{1,40}$/i.test(name);
  return invalidParameter(isName ? name : "…", `it is unknown: there are ${known}`);
}
