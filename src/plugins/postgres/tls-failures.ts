import { Code } from "../../sdk/index.js";

/** A failure of TLS: how it is recognised, and what to do. The first that fits counts. */
const failures: readonly (readonly [pattern: RegExp, code: Code, sentence: string])[] = [
  [
    /does not support SSL|establishing an SSL connection/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server speaks no TLS: turn on `ssl` there, or set sslmode=prefer or disable in config.connection_string",
  ],
  [
    /no pg_hba\.conf entry.*no encryption/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server takes this user and database by TLS only: set sslmode=require, or stricter, in config.connection_string",
  ],
  [
    /requires a valid client certificate|ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA)|CERTIFICATE_REQUIRED|ALERT_UNKNOWN_CA/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server wants a certificate of ours that it trusts: set sslcert and sslkey in config.connection_string",
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server's certificate is for another host name: connect by a name that stands in it, or set sslmode=verify-ca",
  ],
  [
    /CERT_HAS_EXPIRED/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server's certificate has expired: renew it there",
  ],
  [
    /CERT_NOT_YET_VALID/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server's certificate is not valid yet: look at the clocks of both machines",
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA/,
    Code.FAILED_PRECONDITION,
    "nobody that is trusted signed the PostgreSQL server's certificate: set sslrootcert=/path/ca.pem in config.connection_string, its authority's",
  ],
  [
    /KEY_VALUES_MISMATCH/,
    Code.INVALID_ARGUMENT,
    "sslcert and sslkey in config.connection_string do not belong together",
  ],
  [
    /BAD_DECRYPT|BAD_PASSWORD|INTERRUPTED_OR_CANCELLED|interrupted or cancelled/i,
    Code.INVALID_ARGUMENT,
    "sslkey in config.connection_string is encrypted: set sslpassword, or another one",
  ],
  [
    /ERR_OSSL_(PEM|ASN1|X509|UNSUPPORTED|EVP|DECODER)|NO_START_LINE|wrong tag/i,
    Code.INVALID_ARGUMENT,
    "a file that sslrootcert, sslcert or sslkey names in config.connection_string is no PEM: look at each",
  ],
  [
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_PROTOCOLS_AVAILABLE/,
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server speaks only older TLS than 1.2: raise ssl_min_protocol_version and its library there",
  ],
  [
    /ERR_(SSL|TLS)|EPROTO|TLS connection|secure TLS/,
    Code.UNAVAILABLE,
    "the TLS handshake with the PostgreSQL server failed: look at the server's log",
  ],
];

/** What TLS made fail, and what to do; undefined where it was something else. */
export function tlsFailure(reason: unknown): readonly [Code, string] | undefined {
  if (!(reason instanceof Error)) return undefined;
  const text = `${"code" in reason ? String(reason.code) : ""} ${reason.message}`;
  const failure = failures.find(([pattern]) => pattern.test(text));
  return failure && [failure[1], failure[2]];
}
