import { create, toBinary } from "@bufbuild/protobuf";
import {
  CompareAndSetRequestSchema,
  KeyValue,
  SetRequestSchema,
} from "../../../../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { grpcHeaderBytes, writeGrpcHeader } from "../../../../protocol/index.js";
import { varintBytes, writeVarint } from "../../../../protocol/varint.js";

/** A call that writes a value: its method, and its message but for the value, which comes behind. */
export interface ValueWrite {
  readonly path: string;
  /** Every other field. */
  readonly fields: Uint8Array;
  /** The tag of the value's field. */
  readonly valueTag: number;
}

/** Where a value goes, and for how long. */
export interface Destination {
  readonly key: string;
  readonly ttlMs: bigint;
}

/** Writes over whatever is there. */
export function setting({ key, ttlMs }: Destination): ValueWrite {
  const fields = toBinary(SetRequestSchema, create(SetRequestSchema, { key, ttlMs }));
  return { path: pathOf("Set"), fields, valueTag: tagOf(SetRequestSchema.field.value.number) };
}

/** Writes only where this is there now; undefined = nothing. */
export function comparing({ key, ttlMs }: Destination, expected: Uint8Array | undefined): ValueWrite {
  const message = create(CompareAndSetRequestSchema, { key, ttlMs });
  if (expected) message.expected = expected;
  const fields = toBinary(CompareAndSetRequestSchema, message);
  return {
    path: pathOf("CompareAndSet"),
    fields,
    valueTag: tagOf(CompareAndSetRequestSchema.field.value.number),
  };
}

/** Bytes of the message whose value is so long. */
export function messageBytes({ fields }: ValueWrite, valueBytes: number): number {
  return fields.length + 1 + varintBytes(valueBytes) + valueBytes;
}

/** All that goes before the value: the gRPC header, the fields, the value's tag and length. */
export function beforeValue(write: ValueWrite, valueBytes: number): Buffer {
  const message = messageBytes(write, valueBytes);
  const before = Buffer.allocUnsafe(grpcHeaderBytes + message - valueBytes);
  writeGrpcHeader(before, message);
  before.set(write.fields, grpcHeaderBytes);
  const tagAt = grpcHeaderBytes + write.fields.length;
  before[tagAt] = write.valueTag;
  writeVarint(before, tagAt + 1, valueBytes);
  return before;
}

function pathOf(method: string): string {
  return `/${KeyValue.typeName}/${method}`;
}

function tagOf(field: number): number {
  return (field << 3) | 2;
}
