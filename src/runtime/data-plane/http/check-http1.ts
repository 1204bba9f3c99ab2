import type { IncomingMessage } from "node:http";
import { PrismError } from "../../../protocol/index.js";
import { headFault } from "../../../wire/index.js";
import { HttpRefusal } from "./http-refusal.js";

/** What of `server.limits` a head over HTTP/1.1 is held to beyond its bytes. */
export interface HeadBound {
  readonly headerFields: number;
}

const close = { connection: "close" };
const limit = "server.limits.header_fields";

/** The refusal of a head of HTTP/1.1 that two readers could understand differently; undefined where it is sound. */
export function checkHttp1(request: IncomingMessage, { headerFields }: HeadBound): HttpRefusal | undefined {
  const fault = headFault(request, headerFields);
  if (fault === undefined) return undefined;
  const { status, message } = fault;
  const error =
    status === 431
      ? new PrismError("overLimit", message, { info: { limit } })
      : new PrismError("invalidRequest", message);
  return new HttpRefusal(error, status, close);
}
