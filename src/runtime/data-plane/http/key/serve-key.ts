import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CompareAndSetResponseSchema,
  DeleteRequestSchema,
  GetRequestSchema,
  KeyValue,
} from "../../../../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { Code, PrismError } from "../../../../protocol/index.js";
import { taggedBytes } from "../http-limits.js";
import type { KeyRequest } from "../http-request.js";
import type { Serving } from "../serving.js";
import {
  conditionFailed,
  type Conditions,
  isConditional,
  matches,
  matchesNone,
  readConditions,
  wantsAbsent,
} from "./conditions.js";
import { tagOf } from "./entity-tag.js";
import { sendValue } from "./send-value.js";
import { ValueReply } from "./value-reply.js";
import { answerValue } from "./answer-value.js";
import { comparing, type Destination, setting, type ValueWrite } from "./value-write.js";

/** Serves the raw bytes at a key. */
export function serveKey(serving: Serving, request: KeyRequest): Promise<void> {
  switch (request.verb) {
    case "PUT":
      return put(serving, request);
    case "DELETE":
      return remove(serving, request);
    default:
      return get(serving, request);
  }
}

async function get(serving: Serving, request: KeyRequest): Promise<void> {
  const conditions = readConditions(serving.exchange);
  const value = await read(serving, request);
  if (!value) throw notThere(request.key);
  await answerValue(serving.exchange, value, conditions);
}

async function put(serving: Serving, request: KeyRequest): Promise<void> {
  const { exchange } = serving;
  const conditions = readConditions(exchange);
  const destination = { key: request.key, ttlMs: ttlFrom(exchange.header("prism-ttl-ms")) };
  const write = await writeFor(serving, request, { conditions, destination });
  const { call, tag } = await sendValue(serving, request.namespace, write);
  const answer = await serving.answerOf(call);
  if (isConditional(conditions)) checkSwapped(answer);
  exchange.begin(wantsAbsent(conditions) ? 201 : 204, tag === undefined ? {} : { etag: tag });
  exchange.end();
}

/** A write with conditions writes only over the value that they were held against. */
async function writeFor(
  serving: Serving,
  request: KeyRequest,
  { conditions, destination }: { conditions: Conditions; destination: Destination },
): Promise<ValueWrite> {
  if (!isConditional(conditions)) return setting(destination);
  if (wantsAbsent(conditions)) return comparing(destination, undefined);
  const found = await read(serving, request);
  if (found && found.bytes > taggedBytes) {
    found.leave();
    throw conditionFailed(`the value that is there is larger than ${taggedBytes} bytes, and so has no ETag`);
  }
  const value = await found?.whole();
  const current = value && { tag: tagOf(value) };
  if (!matches(conditions, current)) throw conditionFailed("what If-Match names is not there");
  if (!matchesNone(conditions, current)) throw conditionFailed("what If-None-Match names is there");
  return comparing(destination, value);
}

async function remove(serving: Serving, { namespace, key }: KeyRequest): Promise<void> {
  if (isConditional(readConditions(serving.exchange))) {
    const message = "DELETE takes no conditions: no backend removes a value only if it is the expected one";
    throw new PrismError("operationNotServed", message);
  }
  const headers = serving.headersFor(namespace, `/${KeyValue.typeName}/Delete`);
  const call = await serving.call(headers, () =>
    Promise.resolve(toBinary(DeleteRequestSchema, create(DeleteRequestSchema, { key }))),
  );
  await serving.answerOf(call);
  serving.exchange.begin(204, {});
  serving.exchange.end();
}

async function read(serving: Serving, { namespace, key }: KeyRequest): Promise<ValueReply | undefined> {
  const headers = serving.headersFor(namespace, `/${KeyValue.typeName}/Get`);
  const call = await serving.call(headers, () =>
    Promise.resolve(toBinary(GetRequestSchema, create(GetRequestSchema, { key }))),
  );
  return ValueReply.open(call, serving);
}

function checkSwapped(answer: Buffer): void {
  if (!fromBinary(CompareAndSetResponseSchema, answer).swapped) {
    throw conditionFailed("what is there is not what the condition says");
  }
}

function notThere(key: string): PrismError {
  const message = `there is no value at ${JSON.stringify(key)}`;
  return new PrismError("operationFailed", message, { code: Code.NOT_FOUND });
}

function ttlFrom(ttl: string | undefined): bigint {
  if (ttl === undefined) return 0n;
  if (/^[1-9]\d{0,14}$/.test(ttl)) return BigInt(ttl);
  const message = `Prism-TTL-Ms is "${ttl.slice(0, 40)}": send whole milliseconds, or leave it out for a value that stays`;
  throw new PrismError("invalidRequest", message);
}
