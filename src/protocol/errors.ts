/**
 * Failures and what they are called on the wire: one error type, one table.
 *
 * Inside Prism a failure has a kind; only here does a kind meet a gRPC status (google.rpc.Code).
 */

/** The gRPC status codes (google.rpc.Code), by name. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** One of the numbers in {@link Code}. */
export type Code = (typeof Code)[keyof typeof Code];

/** Every kind of failure and the status it has for a client. docs/errors.md says of each what to do. */
export const statusOf = {
  /** The call says nothing of whose data it is for. */
  noNamespace: Code.INVALID_ARGUMENT,
  /** A request that no backend could serve: an empty key, a message that does not parse. */
  invalidRequest: Code.INVALID_ARGUMENT,
  /** A configuration, or a namespace to apply, with problems. */
  invalidConfig: Code.INVALID_ARGUMENT,
  /** A plugin refuses a namespace's configuration: only another one helps. */
  configRefused: Code.INVALID_ARGUMENT,
  /** No namespace has that name. */
  unknownNamespace: Code.NOT_FOUND,
  /** No such service or method, or no such path. */
  unknownMethod: Code.UNIMPLEMENTED,
  /** A message is compressed in a way that Prism cannot undo. */
  unknownEncoding: Code.UNIMPLEMENTED,
  /** The namespace's plugin does not serve that operation. */
  operationNotServed: Code.UNIMPLEMENTED,
  /** Part of the design, not of this version. */
  notAvailableYet: Code.UNIMPLEMENTED,
  /** Who asks may not, or asks in a way that only somebody else's web page does. */
  forbidden: Code.PERMISSION_DENIED,
  /** What is asked for does not fit the state of things. */
  failedPrecondition: Code.FAILED_PRECONDITION,
  /** No instance serves the namespace just now, or it fell while it worked. */
  pluginAway: Code.UNAVAILABLE,
  /** The proxy or the runtime is on its way out. */
  shuttingDown: Code.UNAVAILABLE,
  /** The plugin answered what the protocol does not allow. */
  pluginFault: Code.INTERNAL,
  /** The operation ran and failed; the plugin chose the code. */
  operationFailed: Code.UNKNOWN,
  /** A limit of the wire or of the namespace was met; the message names its key. */
  overLimit: Code.RESOURCE_EXHAUSTED,
  /** The caller's deadline, or the namespace's, has passed. */
  deadlineExceeded: Code.DEADLINE_EXCEEDED,
  /** The caller left. */
  cancelled: Code.CANCELLED,
  /** Nobody answers at the address that a client of Prism dials. */
  unreachable: Code.UNAVAILABLE,
  /** Not foreseen. */
  bug: Code.INTERNAL,
} as const satisfies Record<string, Code>;

/** A kind of failure. */
export type ErrorKind = keyof typeof statusOf;

/** What a {@link PrismError} may carry beside its kind and message. */
export interface ErrorOptions {
  /** Overrides the kind's status; for `operationFailed`, where the plugin chooses. */
  readonly code?: Code;
  /** Facts for programs, sent as `google.rpc.ErrorInfo.metadata`. Never secrets. */
  readonly info?: Readonly<Record<string, string>>;
  /** What went wrong below. Not told to clients. */
  readonly cause?: unknown;
}

/** A failure we foresaw: one sentence of what, and what to do. Anything else that is thrown is a bug. */
export class PrismError extends Error {
  readonly kind: ErrorKind;
  readonly code: Code;
  readonly info: Readonly<Record<string, string>>;

  constructor(kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PrismError";
    this.kind = kind;
    this.code = options.code ?? statusOf[kind];
    this.info = options.info ?? {};
  }

  /** The kind in upper snake case, as `google.rpc.ErrorInfo.reason` has it: "UNKNOWN_NAMESPACE". */
  get reason(): string {
    return this.kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  }

  /** The same failure in other words, as where a secret is left out; itself where they are the same. */
  told(message: string): PrismError {
    if (message === this.message) return this;
    const { kind, code, info, cause } = this;
    return new PrismError(kind, message, { code, info, cause });
  }

  /** Makes whatever was thrown a PrismError; what we did not foresee becomes a `bug`, without its details. */
  static from(reason: unknown): PrismError {
    if (reason instanceof PrismError) return reason;
    return new PrismError("bug", "an internal error; the log has the details", { cause: reason });
  }
}

/** A status code by its number; numbers that gRPC does not know become UNKNOWN. */
export function codeFrom(number: number): Code {
  return Object.values(Code).find((code) => code === number) ?? Code.UNKNOWN;
}

/** A status code's name: 5 is "NOT_FOUND". */
export function codeName(code: Code): string {
  return Object.entries(Code).find(([, number]) => number === code)?.[0] ?? "UNKNOWN";
}
