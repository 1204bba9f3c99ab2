import type { IncomingMessage } from "node:http";
import { PrismError } from "../../../protocol/index.js";
import { HttpRefusal } from "./http-refusal.js";

/** What of `server.limits` a head over HTTP/1.1 is held to beyond its bytes. */
export interface HeadBound {
  readonly headerFields: number;
}

const close = { connection: "close" };

/**
 * Refuses a head of HTTP/1.1 that two readers could understand differently, beyond what node:http refuses itself: how
 * many fields it has, how long its body is, and which host it is for.
 */
export function checkHttp1(request: IncomingMessage, bound: HeadBound): void {
  checkFieldCount(request, bound);
  checkTransferCoding(request);
  checkHost(request);
}

/** node:http drops what is more than it is told to keep; it is told to keep one more than may come. */
function checkFieldCount({ rawHeaders }: IncomingMessage, { headerFields }: HeadBound): void {
  if (rawHeaders.length / 2 <= headerFields) return;
  const limit = "server.limits.header_fields";
  const message = `the request has more than ${headerFields} fields (${limit}): send fewer`;
  throw new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 431, close);
}

/** Any coding but chunks would be stored as it came; and HTTP/1.0 has none, so that it is a length to one and none to another. */
function checkTransferCoding({ headers, httpVersion }: IncomingMessage): void {
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return;
  if (httpVersion === "1.0") {
    throw refused("HTTP/1.0 has no transfer-encoding: send content-length", 400);
  }
  if (coding.trim().toLowerCase() === "chunked") return;
  throw refused(`transfer-encoding "${coding.slice(0, 40)}" is not served here: send chunked alone`, 501);
}

/** One Host; and where the target names one as well, as to a forward proxy, the same. */
function checkHost({ rawHeaders, httpVersion, headers, url = "" }: IncomingMessage): void {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === "host") hosts++;
  const mayBeNone = httpVersion === "1.0";
  if (hosts !== 1 && !(hosts === 0 && mayBeNone))
    throw refused(`the request has ${hosts} Hosts: send one`, 400);
  const named = /^https?:\/\/([^/?]*)/i.exec(url)?.[1];
  if (named === undefined || headers.host === undefined) return;
  if (named.toLowerCase() === headers.host.toLowerCase()) return;
  throw refused("the target names another host than Host does: send one of both", 400);
}

function refused(message: string, status: number): HttpRefusal {
  return new HttpRefusal(new PrismError("invalidRequest", message), status, close);
}
