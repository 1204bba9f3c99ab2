import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, PrismError } from "../protocol/index.js";
import { boundFields, nestedFields } from "./bound-fields.js";
import { PluginError } from "./plugin-error.js";

/** What goes in or comes out of an operation: a protobuf message by its schema, or bytes as they are. */
export type Shape = DescMessage | "bytes";

/** What an operation is given. Bytes in it belong to the operation and may be kept. */
export type Given<S extends Shape> = S extends DescMessage ? MessageShape<S> : Uint8Array;

/** What an operation answers; of a message only the fields that are set. The SDK may read its bytes later: leave them as they are. */
export type Answered<S extends Shape> = S extends DescMessage ? MessageInitShape<S> : Uint8Array;

/** How a shape is told to others: the message's full name, or "bytes". */
export function nameOf(shape: Shape): string {
  return shape === "bytes" ? "bytes" : shape.typeName;
}

/**
 * Reads what an operation is given. Bytes that are no such message are INVALID_ARGUMENT, and more fields than a request may
 * have RESOURCE_EXHAUSTED, before anything is made of them.
 */
export function decoderOf<S extends Shape>(shape: S): (bytes: Uint8Array) => Given<S> {
  if (shape === "bytes") return (bytes) => bytes as Given<S>;
  const schema: DescMessage = shape;
  const nested = nestedFields(schema);
  return (bytes) => {
    try {
      boundFields(bytes, nested);
      return fromBinary(schema, bytes) as Given<S>;
    } catch (cause) {
      if (cause instanceof PrismError) throw cause;
      const message = `the parameters are no ${schema.typeName}: they do not parse`;
      throw new PluginError(Code.INVALID_ARGUMENT, message, { cause });
    }
  };
}

/** Writes what an operation answers. */
export function encoderOf<S extends Shape>(shape: S): (answer: Answered<S>) => Uint8Array {
  if (shape === "bytes") return (answer) => answer as Uint8Array;
  const schema: DescMessage = shape;
  return (answer) => toBinary(schema, create(schema, answer as MessageInitShape<DescMessage>));
}

/** Whether what is decoded may be a view of the bytes it was decoded from. */
export function holdsBytes(shape: Shape, seen = new Set<Shape>()): boolean {
  if (shape === "bytes") return true;
  if (seen.has(shape)) return false;
  seen.add(shape);
  return shape.fields.some((field) => {
    if (field.scalar === ScalarType.BYTES) return true;
    return field.message !== undefined && holdsBytes(field.message, seen);
  });
}
