/**
 * Which instance serves which namespace: the hinge between the planes. The control plane writes it, every proxy reads
 * it. A snapshot is immutable and numbered; a proxy acknowledges the generation it routes by.
 */
export interface RouteTable {
  readonly generation: number;
  readonly routes: Readonly<Record<string, Route>>;
}

/** Where one namespace's calls go. */
export interface Route {
  readonly namespace: string;
  /** Absent while nobody serves; then calls fail UNAVAILABLE, and are told the `reason`. */
  readonly instance?: RouteInstance;
  /** The instance says that it is UNHEALTHY. Calls go to it all the same: it knows better than its last check. */
  readonly isUnhealthy?: boolean;
  /** Why nobody serves: "its plugin fell". */
  readonly reason?: string;
  /** What the plugin serves; empty where it did not tell. */
  readonly operations: readonly ServedOperation[];
  /** gRPC services of the plugin's own, by their full names: calls to them are tunnelled. */
  readonly services: readonly string[];
  /** What describes these services: each a google.protobuf.FileDescriptorProto in base64, for tables travel as JSON. */
  readonly fileDescriptors: readonly string[];
  /** A ceiling on the caller's deadline, and the default where it sent none. 0 = none. */
  readonly deadlineMs: number;
}

/** An operation that a plugin serves, and what it promises of it; what is absent is not promised. */
export interface ServedOperation {
  readonly name: string;
  /** The pattern it belongs to: "keyvalue", …; absent for one of the plugin's own. */
  readonly pattern?: string;
  /** Running it twice has the same effect as running it once. */
  readonly idempotent?: boolean;
  /** Calls must reach the backend in the order in which they came. */
  readonly ordered?: boolean;
  /** It takes and answers streams of messages. */
  readonly streaming?: boolean;
}

/** How a proxy reaches one plugin instance. */
export interface RouteInstance {
  /** Unique within the runtime, never used again: "orders-3". */
  readonly id: string;
  /** The Unix socket that the instance listens on. */
  readonly socket: string;
  /** Sent with every call as `prism-plugin-token`; empty = none. */
  readonly token: string;
  /** Texts that must not reach a client in what its plugin says of a failure; absent = none. */
  readonly secrets?: readonly string[];
}

/** The account of one instance's calls: started = completed + failed + cut + in flight; what is missing is lost. */
export interface Ledger {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cut: number;
}
