import { create, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import {
  DeleteRequestSchema,
  GetRequestSchema,
  GetResponseSchema,
  SetRequestSchema,
} from "../../../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { Code, PrismError, typedOperations, type TypedMethod } from "../../../protocol/index.js";
import type { HttpRequest } from "./http-request.js";

/** A request's call: which method, and its message. */
export interface HttpCall {
  readonly method: TypedMethod;
  /** Makes the message from the request's body. Throws where it does not fit. */
  message(body: Buffer): Uint8Array;
  /** Makes the HTTP answer from the call's. */
  answer(message: Buffer): HttpAnswer;
}

/** What is answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** The call that a request stands for. */
export function httpCall(request: HttpRequest, ttl: string | undefined): HttpCall {
  if (request.kind === "operation") return operationCall(request.method);
  switch (request.verb) {
    case "PUT":
      return putCall(request.key, ttl);
    case "DELETE":
      return deleteCall(request.key);
    default:
      return getCall(request.key);
  }
}

function operationCall(method: TypedMethod): HttpCall {
  return {
    method,
    message: (body) => toBinary(method.input, parse(method, body)),
    answer: (message) => {
      const json = toJsonString(method.output, fromBinary(method.output, message), {
        alwaysEmitImplicit: true,
      });
      return { status: 200, contentType: "application/json", body: Buffer.from(`${json}\n`) };
    },
  };
}

function putCall(key: string, ttl: string | undefined): HttpCall {
  const ttlMs = ttlFrom(ttl);
  return {
    method: method("set"),
    message: (value) => toBinary(SetRequestSchema, create(SetRequestSchema, { key, value, ttlMs })),
    answer: () => ({ status: 204 }),
  };
}

function deleteCall(key: string): HttpCall {
  return {
    method: method("delete"),
    message: () => toBinary(DeleteRequestSchema, create(DeleteRequestSchema, { key })),
    answer: () => ({ status: 204 }),
  };
}

function getCall(key: string): HttpCall {
  return {
    method: method("get"),
    message: () => toBinary(GetRequestSchema, create(GetRequestSchema, { key })),
    answer: (message) => {
      const { found, value } = fromBinary(GetResponseSchema, message);
      if (!found)
        throw new PrismError("operationFailed", `there is no value at ${JSON.stringify(key)}`, {
          code: Code.NOT_FOUND,
        });
      return { status: 200, contentType: "application/octet-stream", body: value };
    },
  };
}

function method(operation: string): TypedMethod {
  const found = typedOperations.get(operation);
  if (!found) throw new PrismError("bug", `there is no typed operation "${operation}"`);
  return found;
}

function parse({ input }: TypedMethod, body: Buffer): ReturnType<typeof fromJsonString> {
  try {
    return fromJsonString(input, body.length === 0 ? "{}" : body.toString());
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    const fields = input.fields.map(({ jsonName }) => jsonName).join(", ");
    const message = `the body is no ${input.typeName} as JSON (${why}): it takes ${fields}`;
    throw new PrismError("invalidRequest", message, { cause: reason });
  }
}

function ttlFrom(ttl: string | undefined): bigint {
  if (ttl === undefined) return 0n;
  if (/^\d{1,15}$/.test(ttl)) return BigInt(ttl);
  const message = `Prism-TTL-Ms is "${ttl.slice(0, 40)}": send whole milliseconds, or leave it out for a value that stays`;
  throw new PrismError("invalidRequest", message);
}
