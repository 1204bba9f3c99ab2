import type { HostSettings } from "./served-hosts.js";
import type { LoopDelays } from "../../protocol/index.js";
import type { Ledger, RouteTable } from "./route-table.js";
import type { TlsMaterial } from "./tls-material.js";

/** What the runtime says to a proxy, over IPC. */
export type ToProxy =
  /** The first message: how to serve. A listening server handle follows for each listener (`listen`). */
  | { readonly type: "start"; readonly settings: ProxySettings; readonly table: RouteTable }
  /** Carries a `net.Server` handle that is shared with the runtime. */
  | { readonly type: "listen" }
  /** Carries a connection that the runtime accepted because it was faster. Answered with `taken`. */
  | { readonly type: "connection"; readonly connection: number }
  /** Route by this from now on; answered with `acknowledged`. */
  | { readonly type: "table"; readonly table: RouteTable }
  /** Tell when the instance has no call in flight; at `deadlineMs` from now, cut those that are left. Answered with `drained`. */
  | { readonly type: "drain"; readonly instance: string; readonly deadlineMs: number }
  /** Serve TLS with this from now on. Said only to one that was started with TLS. */
  | { readonly type: "tls"; readonly tls: TlsMaterial }
  /** Answered with `counters`. */
  | { readonly type: "count"; readonly request: number }
  /** Take no new connections or calls, finish what runs until the deadline, then exit 0. */
  | { readonly type: "stop"; readonly deadlineMs: number };

/** What a proxy says to the runtime. */
export type FromProxy =
  | { readonly type: "ready" }
  | { readonly type: "acknowledged"; readonly generation: number }
  /** Said before anything is read of the connection: one that was not taken can be served by another proxy. */
  | { readonly type: "taken"; readonly connection: number }
  | { readonly type: "drained"; readonly instance: string; readonly ledger: Ledger }
  | { readonly type: "counters"; readonly request: number; readonly counters: ProxyCounters }
  /** The proxy could not reach an instance's socket, or its connection broke: look after it now. */
  | { readonly type: "unreachable"; readonly instance: string; readonly reason: string }
  /** A structured log line. */
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly message: string;
      readonly fields: Readonly<Record<string, string | number>>;
    };

/** What a proxy must know to serve. */
export interface ProxySettings {
  /** The namespace of calls that name none; empty = such calls are refused. */
  readonly defaultNamespace: string;
  readonly limits: WireLimits;
  /** Whose connections begin with a PROXY header; then all must. Empty = the PROXY protocol is not spoken. */
  readonly proxyProtocol: readonly string[];
  /** Absent = plain text. */
  readonly tls?: TlsMaterial;
  /** The names that requests over HTTP may ask by; absent: `localhost` and addresses alone. */
  readonly hosts?: HostSettings;
  /** Absent: pages of other origins may not call. */
  readonly cors?: CorsSettings;
}

/** Which pages may call that come from elsewhere (`server.cors`). */
export interface CorsSettings {
  /** As browsers write them, "https://app.example.com"; "*" = all. */
  readonly origins: readonly string[];
  /** How long a browser may go by the answer to a preflight. */
  readonly maxAgeMs: number;
  /** Whether the browser may add cookies and certificates of its own. */
  readonly credentials: boolean;
}

/** Walls of the wire: `server.limits`, whose keys have these names in snake case. Each refusal names its key. */
export interface WireLimits {
  readonly connections: number;
  readonly streamsPerConnection: number;
  readonly headerBytes: number;
  readonly headerFields: number;
  /** Size of a unary message. 0 = unlimited. */
  readonly messageBytes: number;
  /** Bytes that wait for clients and plugins that do not take them, all together. */
  readonly heldBytes: number;
  /** Bytes of compressed messages that are being inflated, all together. */
  readonly inflatingBytes: number;
  /** Bodies over HTTP that are held whole, all together. */
  readonly httpHeldBytes: number;
  /** A body in JSON, and an answer. Where `messageBytes` is smaller, that holds. */
  readonly jsonBytes: number;
  /** One message of a stream in JSON, either way. */
  readonly jsonLineBytes: number;
  /** Values of one text in JSON, and fields of an answer that becomes one: they cost more than their bytes. */
  readonly jsonValues: number;
  /** Objects and lists of JSON within each other. */
  readonly jsonDepth: number;
  /** Characters of a number in JSON. */
  readonly jsonDigits: number;
  /** A value over HTTP without Content-Length: it is held whole, as its message begins with its length. */
  readonly unannouncedBytes: number;
  /** Calls that wait for a connection to a plugin instance, of each instance. */
  readonly waitingCalls: number;
  /** What they bring meanwhile, all together. */
  readonly waitingBytes: number;
  /** Calls that Prism answers itself, at once: by default a watcher for each of as many connections as are taken. */
  readonly localCalls: number;
  /** One message of theirs, inflated too: what Prism answers itself is asked in names. */
  readonly localMessageBytes: number;
  /** Of one connection: bytes of answers that wait for the client before further calls of it wait. */
  readonly unreadBytes: number;
  /** Of one connection: calls that are with plugins and unanswered; as many more go every 100 ms. */
  readonly unansweredCalls: number;
  readonly streamWindow: number;
  readonly connectionWindow: number;
  readonly handshakeMs: number;
  readonly headerBlockMs: number;
  /** Over HTTP: for how long a body may keep us waiting, beside what its bytes earn. 0 = any time. */
  readonly requestMs: number;
  /** So many bytes of a body earn a second. */
  readonly bodyBytesPerSecond: number;
  /** From the first byte of a compressed message to its last: what is held for a client that trickles is room that others want. */
  readonly inflatingMs: number;
  readonly stallMs: number;
  readonly idleMs: number;
  /** Over HTTP/1.1: from an answer to the next request. 0 = any time. */
  readonly http1IdleMs: number;
  readonly keepAliveMs: number;
  readonly keepAliveAnswerMs: number;
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  readonly earlyAnswersPerSecond: number;
  readonly idleFramesPerSecond: number;
  readonly unreadAnswers: number;
}

/** Cumulative counters of one proxy since it started. */
export interface ProxyCounters {
  readonly connections: number;
  readonly inFlight: number;
  readonly generation: number;
  /** RED metrics, one row a (namespace, operation, code). */
  readonly calls: readonly CallCounter[];
  /** What peers were refused, one row a (peer, reason). */
  readonly refused: readonly RefusalCounter[];
  /** The account of each instance that has had a call. */
  readonly ledgers: Readonly<Record<string, Ledger>>;
  /** By instance, how often its plugin began, sent some of, or ended an answer: while that grows, it works. */
  readonly heard: Readonly<Record<string, number>>;
  /** How its event loop fares; absent where it has none of its own. */
  readonly loop?: LoopDelays;
}

/** How often one kind of peer was refused a connection or a stream for one reason. */
export interface RefusalCounter {
  readonly peer: "client" | "plugin" | "operator";
  /** A key of `server.limits`, or the name of an error code of HTTP/2. */
  readonly reason: string;
  readonly count: number;
}

/** Calls of one namespace and operation that ended with one code. */
export interface CallCounter {
  readonly namespace: string;
  readonly operation: string;
  /** The gRPC status name: "OK", "NOT_FOUND". */
  readonly code: string;
  readonly count: number;
  readonly sumMs: number;
  /** Cumulative counts by {@link latencyBucketsMs}, Prometheus style, without +Inf. */
  readonly buckets: readonly number[];
}

/** Upper bounds of the latency histogram, in milliseconds. */
export const latencyBucketsMs = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000,
] as const;
