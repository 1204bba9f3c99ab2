import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { GetRequestSchema, GetResponseSchema } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  ExecuteRequestSchema,
  ExecuteResponseSchema,
} from "../../src/protocol/gen/prism/plugin/plugin_pb.js";

/** Size of a large object, as the figures have it. */
export const objectBytes = 64 * 1024 * 1024;

/** A service of the plugin's own, whose calls are tunnelled: a GetRequest there, a GetResponse back. */
export const smallService = "bench.Small";

/** The key of every small call. */
export const smallKey = "a-key-of-exactly-32-characters--";
/** What it holds. */
export const smallValue = new Uint8Array(100).fill(120);
const getRequest = create(GetRequestSchema, { key: smallKey });

/** A gRPC message of what a typed client sends for the small call. */
const typedGet = framed(toBinary(GetRequestSchema, getRequest));

/** The same call in the plugin protocol's own words. */
const executeGet = framed(
  toBinary(
    ExecuteRequestSchema,
    create(ExecuteRequestSchema, {
      operation: "get",
      params: { case: "typedParams", value: anyPack(GetRequestSchema, getRequest) },
    }),
  ),
);

/** Requests of the small call. */
export const smallMessages = { typed: typedGet, execute: executeGet };

/** What a small call may send: the typed message, or the same in the plugin protocol. */
export type SmallMessage = keyof typeof smallMessages;

/** A request for one large object. */
export const executeFetch = framed(
  toBinary(
    ExecuteRequestSchema,
    create(ExecuteRequestSchema, {
      operation: "fetch",
      params: { case: "rawParams", value: new Uint8Array(1) },
    }),
  ),
);

/** The typed answer to the small call. */
export const typedAnswer = framed(
  toBinary(GetResponseSchema, create(GetResponseSchema, { found: true, value: smallValue })),
);

/** The answer to the small call in the plugin protocol. */
export const getAnswer = framed(
  toBinary(
    ExecuteResponseSchema,
    create(ExecuteResponseSchema, {
      success: true,
      result: {
        case: "typedResult",
        value: anyPack(GetResponseSchema, create(GetResponseSchema, { found: true, value: smallValue })),
      },
    }),
  ),
);

/** The answer to an object that was put. */
export const putAnswer = framed(
  toBinary(ExecuteResponseSchema, create(ExecuteResponseSchema, { success: true })),
);

/** What goes before the bytes of an object that is put. */
export const putHead = head(Buffer.concat([Buffer.from([0x0a, 3]), Buffer.from("put"), lengthField(0x1a)]));

/** What goes before the bytes of an object that is fetched. */
export const fetchHead = head(Buffer.concat([Buffer.from([0x08, 1]), lengthField(0x2a)]));

/** One gRPC message around bytes. */
export function framed(message: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** The gRPC header and the fields before an object, whose length they announce. */
function head(fields: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(fields.length + objectBytes, 1);
  return Buffer.concat([header, fields]);
}

/** A tag and the object's length as a varint. */
function lengthField(tag: number): Buffer {
  const bytes = [tag];
  let rest = objectBytes;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
