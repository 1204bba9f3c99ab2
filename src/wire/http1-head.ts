import type { IncomingMessage } from "node:http";

/** A head of HTTP/1.1 as node:http has read it. */
export type Http1Head = Pick<IncomingMessage, "rawHeaders" | "headers" | "httpVersion" | "url">;

/** What is wrong with a head, and the status that says so. Behind the answer the connection closes. */
export interface HeadFault {
  /** 431 where it has too many fields. */
  readonly status: 400 | 431 | 501 | 505;
  readonly message: string;
}

/** Why what came is no request: an error of node:http, which has a code for it. */
export interface NoRequest {
  readonly code?: string;
  readonly message: string;
}

/** CONNECT, told like what node:http cannot read, because it hands the connection back and would close it without a word. */
export const connectFault = {
  status: 501,
  code: "PRISM_CONNECT",
  message: "CONNECT is not served: this is no forward proxy",
} as const;

/**
 * What two readers could understand differently in a head of HTTP/1.1, beyond what node:http refuses itself: its
 * version, how many fields it has, how long its body is, and which host it is for. Undefined where it is sound.
 */
export function headFault(head: Http1Head, mostFields: number): HeadFault | undefined {
  return ofVersion(head) ?? ofFieldCount(head, mostFields) ?? ofTransferCoding(head) ?? ofHost(head);
}

/** node:http takes HTTP/0.9, which has no fields, and HTTP/2.0, which is no text. */
function ofVersion({ httpVersion }: Http1Head): HeadFault | undefined {
  if (httpVersion === "1.1" || httpVersion === "1.0") return undefined;
  return { status: 505, message: `HTTP/${httpVersion} is not served in this form: send HTTP/1.1` };
}

/** node:http drops what is more than it is told to keep; it is told to keep one more than may come. */
function ofFieldCount({ rawHeaders }: Http1Head, mostFields: number): HeadFault | undefined {
  if (rawHeaders.length / 2 <= mostFields) return undefined;
  const message = `the request has more than ${mostFields} fields (server.limits.header_fields): send fewer`;
  return { status: 431, message };
}

/** Any coding but chunks would be taken as it came; and HTTP/1.0 has none, so that it is a length to one and none to another. */
function ofTransferCoding({ headers, httpVersion }: Http1Head): HeadFault | undefined {
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return undefined;
  if (httpVersion === "1.0") {
    return { status: 400, message: "HTTP/1.0 has no transfer-encoding: send content-length" };
  }
  if (coding.trim().toLowerCase() === "chunked") return undefined;
  const message = `transfer-encoding "${coding.slice(0, 40)}" is not served here: send chunked alone`;
  return { status: 501, message };
}

/** One Host; and where the target names one as well, as to a forward proxy, the same. */
function ofHost({ rawHeaders, httpVersion, headers, url = "" }: Http1Head): HeadFault | undefined {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === "host") hosts++;
  const mayBeNone = httpVersion === "1.0";
  if (hosts !== 1 && !(hosts === 0 && mayBeNone)) {
    return { status: 400, message: `the request has ${hosts} Hosts: send one` };
  }
  const named = /^https?:\/\/([^/?]*)/i.exec(url)?.[1];
  if (named === undefined || named.toLowerCase() === headers.host?.toLowerCase()) return undefined;
  if (headers.host === undefined && mayBeNone) return undefined;
  return { status: 400, message: "the target names another host than Host does: send one of both" };
}
