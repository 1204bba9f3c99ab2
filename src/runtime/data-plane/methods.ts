import { Data } from "../../protocol/gen/prism/data/v1/data_pb.js";
import { BackendPlugin } from "../../protocol/gen/prism/plugin/plugin_pb.js";
import { RequestWrapper, typedMethods, type TypedMethod } from "../../protocol/index.js";

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

/** A method that clients may call, and what becomes of its messages. */
export type Method =
  | TypedEntry
  /** The plugin protocol's Execute: metadata is appended. */
  | { readonly kind: "execute"; readonly path: string }
  /** The plugin protocol's ExecuteStream: passes as it is. */
  | { readonly kind: "stream"; readonly path: string };

/** The paths of the plugin that all methods lead to. */
export const pluginExecute = `/${BackendPlugin.typeName}/${BackendPlugin.method.execute.name}`;
export const pluginExecuteStream = `/${BackendPlugin.typeName}/${BackendPlugin.method.executeStream.name}`;

const tunnelled: readonly Method[] = [
  { kind: "execute", path: `/${Data.typeName}/${Data.method.execute.name}` },
  { kind: "stream", path: `/${Data.typeName}/${Data.method.executeStream.name}` },
];

/** Every method that clients may call, by its path. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [...[...typedMethods.values()].map((typed) => typedEntry(typed)), ...tunnelled].map((method) => [
    method.path,
    method,
  ]),
);

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
