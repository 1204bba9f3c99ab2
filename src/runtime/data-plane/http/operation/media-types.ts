import { PrismError } from "../../../../protocol/index.js";
import { preferredType } from "../accept.js";
import { type Exchange, mediaTypeOf } from "../exchange.js";
import { HttpRefusal } from "../http-refusal.js";

/** One JSON text (RFC 8259). */
export const jsonType = "application/json";
/** A JSON text a line, as they come. */
export const linesType = "application/x-ndjson";
/** Server-sent events: what a browser's page can read as it comes. */
export const eventsType = "text/event-stream";

/** What a stream may be answered as. */
export const streamTypes = [linesType, eventsType] as const;

/** The type of the body, among those that are taken. Throws where it is another. */
export function contentTypeOf(exchange: Exchange, ...taken: readonly string[]): string {
  const type = mediaTypeOf(exchange.header("content-type"));
  // A web page may send other types to any address without being asked; JSON it may not.
  if (taken.includes(type)) return type;
  const message = `send JSON: curl --json '{"key":"greeting"}', or the header content-type: ${taken.join(", or ")}`;
  throw new HttpRefusal(new PrismError("invalidRequest", message), 415);
}

/** The type of the answer, among those that are offered. Throws where the client takes none of them. */
export function answerTypeFor(exchange: Exchange, ...offered: readonly string[]): string {
  const type = preferredType(exchange.header("accept"), offered);
  if (type !== undefined) return type;
  const message = `the answer is ${offered.join(" or ")}, and the header accept takes none of that`;
  throw new HttpRefusal(new PrismError("invalidRequest", message), 406);
}
