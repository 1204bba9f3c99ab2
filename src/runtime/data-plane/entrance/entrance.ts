import type { Socket } from "node:net";
import { beginsTls } from "../../../wire/index.js";
import type { Peer } from "../../model/peer.js";
import type { ProxySettings } from "../../model/proxy-messages.js";
import type { TlsMaterial } from "../../model/tls-material.js";
import type { DeadlineWheel } from "../common/deadline-wheel.js";
import type { RefusalReason } from "../common/peer-refusals.js";
import { sniff, type Spoken } from "./sniff.js";
import { takeProxyHeader } from "./take-proxy-header.js";
import { TlsDoor } from "./tls-door.js";
import { TrustedSources } from "./trusted-sources.js";

/** A connection that has come in: what it speaks, and who speaks. */
export interface Arrival {
  /** Where it goes on: over TLS not the socket that was accepted. */
  readonly socket: Socket;
  readonly peer: Peer;
  readonly spoken: Spoken;
  /** What has been read of it. */
  readonly head: Buffer;
}

/** What comes of a connection: one of both, or neither where the client leaves. */
export interface Welcome {
  readonly onArrival: (arrival: Arrival) => void;
  /** The connection is to be closed. */
  readonly onRefused: (peer: Peer, reason: RefusalReason, message: string) => void;
}

const nothing = Buffer.alloc(0);

/**
 * What a connection passes before anything is served on it, all within one deadline: the PROXY protocol's header where
 * it is spoken, then TLS, then the first bytes, which tell what is spoken.
 */
export class Entrance {
  readonly #deadlines: DeadlineWheel;
  readonly #withinMs: number;
  readonly #trusted: TrustedSources | undefined;
  readonly #tls: TlsDoor | undefined;

  constructor({ limits, proxyProtocol, tls }: ProxySettings, deadlines: DeadlineWheel) {
    this.#deadlines = deadlines;
    this.#withinMs = limits.handshakeMs;
    this.#trusted = proxyProtocol.length === 0 ? undefined : new TrustedSources(proxyProtocol);
    this.#tls = tls && new TlsDoor(tls);
  }

  /** Shakes hands with this from now on. */
  renew(tls: TlsMaterial): void {
    this.#tls?.renew(tls);
  }

  /** Lets a connection in, of which nothing has been read. */
  admit(socket: Socket, welcome: Welcome): void {
    const admission = new Admission(socket, welcome);
    const ms = this.#withinMs;
    const onDeadline = (): void =>
      admission.refuse("handshake_ms", `it did not say within ${ms} ms what it speaks`);
    const deadline = this.#deadlines.add({ onDeadline }, ms);
    socket.once("close", () => this.#deadlines.remove(deadline));
    admission.onEnd = () => this.#deadlines.remove(deadline);
    admission.begin(this.#trusted, this.#tls);
  }
}

/** One connection on its way in. */
class Admission {
  /** Called when it is in. */
  onEnd: () => void = () => undefined;
  readonly #socket: Socket;
  readonly #welcome: Welcome;
  #peer: Peer;
  /** A load balancer speaks for itself: it looks whether somebody is there, and need not say anything. */
  #isCheck = false;

  constructor(socket: Socket, welcome: Welcome) {
    this.#socket = socket;
    this.#welcome = welcome;
    this.#peer = { address: addressOf(socket) };
  }

  /** Who says for whom the connection is? */
  begin(trusted: TrustedSources | undefined, tls: TlsDoor | undefined): void {
    if (trusted === undefined) return this.#secure(tls);
    if (!trusted.has(this.#peer.address)) {
      return this.refuse("proxy_protocol", "it comes from none of server.proxy_protocol");
    }
    takeProxyHeader(this.#socket, {
      onHeader: ({ client }) => {
        if (client) this.#peer = { address: client.address };
        else this.#isCheck = true;
        this.#secure(tls);
      },
      onRefused: (message) => this.refuse("proxy_protocol", message),
    });
  }

  refuse(reason: RefusalReason, message: string): void {
    if (this.#isCheck) this.#socket.destroy();
    else this.#welcome.onRefused(this.#peer, reason, message);
  }

  /** What nobody on the way may read. A Unix socket has no way: its file guards it. */
  #secure(tls: TlsDoor | undefined): void {
    const isUnix = this.#socket.localAddress === undefined;
    if (tls === undefined || isUnix) return this.#listen(this.#socket);
    tls.secure(this.#socket, {
      onSecured: (secured, certificate) => {
        if (certificate) this.#peer = { ...this.#peer, certificate };
        if (secured.alpnProtocol === "h2") this.#arrive(secured, "http2", nothing);
        else this.#listen(secured);
      },
      onRefused: (message) => this.refuse("tls", message),
    });
  }

  /** What does it speak? */
  #listen(socket: Socket): void {
    sniff(socket, {
      onSpoken: (spoken, head) => this.#arrive(socket, spoken, head),
      onForeign: (head) => this.refuse("protocol_error", whyForeign(head)),
    });
  }

  #arrive(socket: Socket, spoken: Spoken, head: Buffer): void {
    this.onEnd();
    // Who has said all may say so, and still wait for the answer. Until here a connection that ends is over.
    socket.allowHalfOpen = true;
    this.#welcome.onArrival({ socket, peer: this.#peer, spoken, head });
  }
}

/** What is wrong with first words that are no HTTP, and what to do where that is plain. */
function whyForeign(head: Buffer): string {
  if (!beginsTls(head)) return "what came is neither HTTP/2 nor HTTP/1.1";
  return "it speaks TLS, which this port does not: name a certificate in server.tls, or ask by http://";
}

/** The address as a client's is written, also where a listener for both families has it in the form of the other. */
function addressOf({ remoteAddress = "" }: Socket): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
}
