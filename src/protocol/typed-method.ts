import type { DescMessage, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { KeyValue } from "./gen/prism/keyvalue/v1/keyvalue_pb.js";

/** A method of a typed service: one operation of the plugin protocol, with its messages. */
export interface TypedMethod {
  /** As in a request's `:path`: "/prism.keyvalue.v1.KeyValue/Get". */
  readonly path: string;
  /** As the plugin sees it: "get". */
  readonly operation: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** The typed services, one a pattern. A pattern that is added here is served by every door. */
export const typedServices: readonly DescService[] = [KeyValue];

/** Every typed method, by its path. */
export const typedMethods: ReadonlyMap<string, TypedMethod> = new Map(
  typedServices
    .flatMap(({ methods }) => methods)
    .filter((method): method is DescMethodUnary => method.methodKind === "unary")
    .map((method) => typedMethod(method))
    .map((method) => [method.path, method]),
);

/** Every typed method, by its operation. */
export const typedOperations: ReadonlyMap<string, TypedMethod> = new Map(
  [...typedMethods.values()].map((method) => [method.operation, method]),
);

/** The type URL of a message: "type.googleapis.com/prism.keyvalue.v1.GetRequest". */
export function typeUrlOf({ typeName }: DescMessage): string {
  return `type.googleapis.com/${typeName}`;
}

function typedMethod({ parent, name, input, output }: DescMethodUnary): TypedMethod {
  return { path: `/${parent.typeName}/${name}`, operation: snakeCase(name), input, output };
}

/** CompareAndSet is compare_and_set, MGet is mget. */
function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}
