import { PrismError } from "../../../../protocol/index.js";
import type { Exchange } from "../exchange.js";
import { taggedBytes } from "../http-limits.js";
import { HttpRefusal } from "../http-refusal.js";
import { type ByteRange, rangeIn } from "./byte-range.js";
import { conditionFailed, type Conditions, matches, matchesNone } from "./conditions.js";
import { tagOf } from "./entity-tag.js";
import type { ValueReply } from "./value-reply.js";

/**
 * Answers GET or HEAD with a value, or the range of it that was asked for. A small one is held to tell its entity tag
 * first; a large one has none, and goes as it comes.
 */
export async function answerValue(
  exchange: Exchange,
  value: ValueReply,
  conditions: Conditions,
): Promise<void> {
  const small = value.bytes <= taggedBytes ? await value.whole() : undefined;
  const tag = small && tagOf(small);
  const fields = { "accept-ranges": "bytes", ...(tag === undefined ? {} : { etag: tag }) };
  try {
    if (!matches(conditions, { tag })) throw conditionFailed("what If-Match names is not there");
    if (!matchesNone(conditions, { tag })) {
      exchange.begin(304, fields);
      exchange.end();
      return;
    }
    const range = wantedRange(exchange, value.bytes, tag);
    if (range === "none") throw outside(value.bytes);
    const { start, bytes } = range === "all" ? { start: 0, bytes: value.bytes } : range;
    exchange.begin(range === "all" ? 200 : 206, {
      "content-type": "application/octet-stream",
      "content-length": String(bytes),
      ...(range === "all" ? {} : { "content-range": `bytes ${start}-${start + bytes - 1}/${value.bytes}` }),
      ...fields,
    });
    if (small) await exchange.write(small.subarray(start, start + bytes));
    else if (exchange.verb !== "HEAD") await pass(exchange, value, { start, bytes });
    exchange.end();
  } finally {
    value.leave();
  }
}

/** Passes part of a value on as it comes, as fast as the client takes it. */
async function pass(exchange: Exchange, value: ValueReply, { start, bytes }: ByteRange): Promise<void> {
  let at = 0;
  const end = start + bytes;
  for (let piece; at < end && (piece = await value.next()); at += piece.length) {
    const wanted = piece.subarray(Math.max(0, start - at), end - at);
    if (wanted.length > 0) await exchange.write(wanted);
  }
  // The end of the whole tells whether all went well.
  if (end === value.bytes) await value.next();
}

function wantedRange(exchange: Exchange, bytes: number, tag: string | undefined): ByteRange | "all" | "none" {
  const ifRange = exchange.header("if-range");
  // Only GET has ranges; and what was begun of another value must not be continued with this one.
  if (exchange.verb !== "GET" || (ifRange !== undefined && ifRange !== tag)) return "all";
  return rangeIn(exchange.header("range"), bytes);
}

function outside(bytes: number): HttpRefusal {
  const message = `the range lies outside of the value, which is ${bytes} bytes long`;
  const error = new PrismError("invalidRequest", message);
  return new HttpRefusal(error, 416, { "content-range": `bytes */${bytes}` });
}
