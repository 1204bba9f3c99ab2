import { Data } from "../../../protocol/gen/prism/data/v1/data_pb.js";
import {
  isServiceOfPlugins,
  RequestWrapper,
  typedMethods,
  type TypedMethod,
} from "../../../protocol/index.js";
import { localMethods } from "./local-methods.js";
import {
  anyOperation,
  type LocalMethod,
  type Method,
  type TunnelledEntry,
  type TypedEntry,
} from "../route/method.js";

const servicePath = /^\/([^/]+)\/([A-Za-z_][A-Za-z0-9_]*)$/;
const longestName = 255;

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
