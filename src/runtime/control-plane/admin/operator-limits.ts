import type { Socket } from "node:net";
import type { WireLimits } from "../../model/proxy-messages.js";
import type { Limits, Refusal } from "../../../wire/index.js";

/** Operators are few: what is more costs the runtime descriptors that it needs for plugins. */
const mostConnections = 256;
/** … and ask for few things at once. */
const mostAtOnce = 32;
/** What `request_ms: 0` is here. */
const longestRequestMs = 60_000;
const mostConnectionWindow = 1024 * 1024;

/** What operators' connections are held to: `server.limits`, as clients' are, and less where operators need less. */
export interface OperatorLimits {
  readonly connections: number;
  /** Requests at once of one connection. */
  readonly atOnce: number;
  readonly headerBytes: number;
  readonly headerFields: number;
  readonly handshakeMs: number;
  readonly headerBlockMs: number;
  readonly requestMs: number;
  readonly idleMs: number;
  readonly stallMs: number;
  /** The same, as HTTP/2 keeps them. */
  readonly wire: Limits;
}

/** What an operator's connection is refused for. */
export type OperatorRefusal = Refusal | "connections" | "header_fields";

/** Hears what somebody at the operators' port is refused. */
export type OnOperatorRefused = (socket: Socket, reason: OperatorRefusal, message: string) => void;

/** The limits of operators, from those of clients. */
export function operatorLimits(limits: WireLimits, wire: Limits): OperatorLimits {
  const { headerBytes, headerFields, handshakeMs, headerBlockMs, stallMs } = limits;
  const atOnce = Math.min(mostAtOnce, limits.streamsPerConnection);
  const idleMs = limits.http1IdleMs;
  const window = Math.min(mostConnectionWindow, wire.connectionWindow);
  return {
    ...{ headerBytes, headerFields, handshakeMs, headerBlockMs, stallMs, atOnce, idleMs },
    connections: Math.min(mostConnections, limits.connections),
    requestMs: limits.requestMs || longestRequestMs,
    wire: { ...wire, concurrentStreams: atOnce, connectionWindow: window, idleMs: wire.idleMs || idleMs },
  };
}
