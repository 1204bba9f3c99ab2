import { BackendPlugin } from "../../../protocol/gen/prism/plugin/plugin_pb.js";
import type { RequestWrapper } from "../../../protocol/index.js";

/** A method of a typed service: its messages are wrapped and unwrapped. */
export interface TypedEntry {
  readonly kind: "typed";
  readonly path: string;
  readonly operation: string;
  readonly wrapper: RequestWrapper;
  /** The full name of the result's message type. */
  readonly resultName: Buffer;
  /** The result says nothing, so a plugin may leave it out. */
  readonly resultIsEmpty: boolean;
}

/** A method of a service of a plugin's own: the call passes as it is. */
export interface TunnelledEntry {
  readonly kind: "tunnelled";
  readonly path: string;
  /** The full name of the method: "acme.billing.v1.Invoices/Pay". */
  readonly operation: string;
  /** The full name of the service: "acme.billing.v1.Invoices". */
  readonly service: string;
}

/** A method that plugins serve, and what becomes of its messages. */
export type Method =
  | TypedEntry
  | TunnelledEntry
  /** The plugin protocol's Execute: metadata is appended. */
  | { readonly kind: "execute"; readonly path: string; readonly operation: typeof anyOperation }
  /** The plugin protocol's ExecuteStream: passes as it is, and is counted by what its first message names. */
  | { readonly kind: "stream"; readonly path: string; readonly operation: typeof anyOperation };

/** A method that Prism answers itself. */
export interface LocalMethod {
  readonly kind: "local";
  readonly path: string;
  /** The full name of the method: "grpc.health.v1.Health/Check". */
  readonly operation: string;
  /** Whether it is asked of the call's namespace, where that names one. */
  readonly isNamespaced: boolean;
}

/** The operation of a call whose body names it. */
export const anyOperation = "*";

/** Where calls of one answer go, in the plugin protocol. */
export const pluginExecute = `/${BackendPlugin.typeName}/${BackendPlugin.method.execute.name}`;
/** Where calls of a stream go. */
export const pluginExecuteStream = `/${BackendPlugin.typeName}/${BackendPlugin.method.executeStream.name}`;
