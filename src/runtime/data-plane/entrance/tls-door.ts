import { constants, type X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import type { ClientAuth, TlsMaterial } from "../../model/tls-material.js";

/** AES-128 first, the cheapest a byte. Of TLS 1.2 only what HTTP/2 takes: forward secret and authenticated (RFC 9113, appendix A). */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
].join(":");

/** The handshake's time is kept by who asks for it. */
const noTimeout = 2 ** 31 - 1;

/** What to do about what OpenSSL finds of those who speak no TLS: the first is HTTP/1.1, the second HTTP/2, and noise. */
const remedies: Readonly<Record<string, string>> = {
  "http request": " in plain text: ask by https://, as this port speaks TLS (server.tls)",
  "wrong version number": ", or no TLS at all: this port speaks nothing else (server.tls)",
};

/** Who waits for a handshake. Hears one of both, or neither where the client leaves. */
export interface Handshake {
  /** The client's certificate, if it showed one, is verified. */
  readonly onSecured: (socket: TLSSocket, certificate: X509Certificate | undefined) => void;
  /** The connection is to be closed. */
  readonly onRefused: (message: string) => void;
}

/** Speaks TLS on connections that are handed to it: 1.2 and later, with ALPN for HTTP/2 and HTTP/1.1. */
export class TlsDoor {
  readonly #server: Server;
  readonly #clientAuth: ClientAuth;
  /** By the connection's two ends: node:tls tells what it has secured, and not which socket that was made of. */
  readonly #handshakes = new Map<string, Handshake>();

  constructor(material: TlsMaterial) {
    this.#clientAuth = material.clientAuth;
    this.#server = createServer({
      ...contextOf(material),
      ALPNProtocols: ["h2", "http/1.1"],
      requestCert: material.clientAuth !== "none",
      // What is not taken is refused here, where it is known who showed what.
      rejectUnauthorized: false,
      handshakeTimeout: noTimeout,
    });
    this.#server.on("secureConnection", (socket) => this.#onSecured(socket));
    this.#server.on("tlsClientError", (error, socket) => this.#onFailed(error, socket));
  }

  /** Serves handshakes with this from now on. What has been secured stays, and its sessions are not resumed. */
  renew(material: TlsMaterial): void {
    this.#server.setSecureContext(contextOf(material));
  }

  /** Shakes hands on a connection over TCP, of which nothing is being read. */
  secure(socket: Socket, handshake: Handshake): void {
    const ends = endsOf(socket);
    this.#handshakes.set(ends, handshake);
    socket.once("close", () => {
      if (this.#handshakes.get(ends) === handshake) this.#handshakes.delete(ends);
    });
    this.#server.emit("connection", socket);
  }

  #onSecured(socket: TLSSocket): void {
    const handshake = this.#take(socket);
    if (handshake === undefined) return void socket.destroy();
    const certificate = socket.getPeerX509Certificate();
    if (certificate !== undefined && !socket.authorized) {
      const why = String(socket.authorizationError);
      return handshake.onRefused(`its certificate is not taken (${why}): ${certificate.subject}`);
    }
    if (certificate === undefined && this.#clientAuth === "required") {
      return handshake.onRefused("it showed no certificate, which server.tls.client_auth demands");
    }
    handshake.onSecured(socket, certificate);
  }

  #onFailed(error: Error & { code?: string; reason?: string }, socket: TLSSocket): void {
    // Who leaves in the middle is no fault: so do the checks of load balancers.
    if (error.code === "ECONNRESET") return;
    const why = error.reason ?? error.code ?? error.message;
    this.#take(socket)?.onRefused(`the TLS handshake failed: ${why}${remedies[why] ?? ""}`);
  }

  #take(socket: Socket): Handshake | undefined {
    const ends = endsOf(socket);
    const handshake = this.#handshakes.get(ends);
    this.#handshakes.delete(ends);
    return handshake;
  }
}

function contextOf({ cert, key, clientCa }: TlsMaterial): SecureContextOptions {
  return {
    cert,
    key,
    ...(clientCa === "" ? {} : { ca: clientCa }),
    ciphers,
    minVersion: "TLSv1.2",
    // HTTP/2 forbids it (RFC 9113, section 9.2.1).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}
