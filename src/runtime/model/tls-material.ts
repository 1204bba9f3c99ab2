/** How clients' certificates are treated: not asked for; verified where one is shown; demanded. */
export type ClientAuth = "none" | "optional" | "required";

/** What TLS is served with, as PEM. It holds the private key: that goes into the proxies' memory and nowhere else. */
export interface TlsMaterial {
  /** The server's own certificate first, then those that lead to its root. */
  readonly cert: string;
  readonly key: string;
  /** Who signs clients' certificates; empty where none is asked for. */
  readonly clientCa: string;
  readonly clientAuth: ClientAuth;
}
