import type { X509Certificate } from "node:crypto";

/** Who is at the other end of a connection: what authentication may go by beside a call's headers. */
export interface Peer {
  /** Such as "10.0.0.7": the client's own, where a load balancer has told it. Empty where a Unix socket leads to it. */
  readonly address: string;
  /** What the client showed within TLS, verified against `server.tls.client_ca`; absent where it showed none. */
  readonly certificate?: X509Certificate;
}
