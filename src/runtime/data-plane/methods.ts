import { Data } from "../../protocol/gen/prism/data/v1/data_pb.js";
import { BackendPlugin } from "../../protocol/gen/prism/plugin/plugin_pb.js";
import { isServiceOfPlugins, RequestWrapper, typedMethods, type TypedMethod } from "../../protocol/index.js";
import type { LocalMethod } from "./local/local-method.js";
import { localMethods } from "./local/local-methods.js";

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
  /** The plugin protocol's ExecuteStream: passes as it is. */
  | { readonly kind: "stream"; readonly path: string; readonly operation: typeof anyOperation };

/** The operation of a call whose body names it. */
const anyOperation = "*";

const servicePath = /^\/([^/]+)\/([A-Za-z_][A-Za-z0-9_]*)$/;
const longestName = 255;

/** Where calls of one answer go, in the plugin protocol. */
export const pluginExecute = `/${BackendPlugin.typeName}/${BackendPlugin.method.execute.name}`;
/** Where calls of a stream go. */
export const pluginExecuteStream = `/${BackendPlugin.typeName}/${BackendPlugin.method.executeStream.name}`;

const raw: readonly Method[] = [
  { kind: "execute", path: `/${Data.typeName}/${Data.method.execute.name}`, operation: anyOperation },
  { kind: "stream", path: `/${Data.typeName}/${Data.method.executeStream.name}`, operation: anyOperation },
];

/** The methods of Prism's own services, by their path. */
const methods: ReadonlyMap<string, Method | LocalMethod> = new Map(
  [...[...typedMethods.values()].map((typed) => typedEntry(typed)), ...raw, ...localMethods].map((method) => [
    method.path,
    method,
  ]),
);

/**
 * What a path asks for: a method of Prism's own, else one that some plugin may serve. Undefined where it can be neither.
 * A path is compared as it stands; nothing is decoded, joined or trimmed.
 */
export function methodAt(path: string): Method | LocalMethod | undefined {
  return methods.get(path) ?? tunnelledEntry(path);
}

function tunnelledEntry(path: string): TunnelledEntry | undefined {
  const [, service = "", name = ""] = servicePath.exec(path) ?? [];
  if (!isServiceOfPlugins(service) || name.length > longestName) return undefined;
  return { kind: "tunnelled", path, operation: path.slice(1), service };
}

function typedEntry(typed: TypedMethod): TypedEntry {
  const { path, operation, output } = typed;
  return {
    kind: "typed",
    path,
    operation,
    wrapper: new RequestWrapper(typed),
    resultName: Buffer.from(output.typeName),
    resultIsEmpty: output.fields.length === 0,
  };
}
