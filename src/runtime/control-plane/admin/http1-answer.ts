import { STATUS_CODES } from "node:http";
import { httpStatusOf, PrismError, statusFrom, statusJson, printable } from "../../../protocol/index.js";
import { connectFault } from "../../../wire/index.js";
import type { AdminAnswer } from "./admin-http.js";
import { AdminRefusal } from "./admin-refusal.js";
import type { OperatorRefusal } from "./operator-limits.js";

/** An answer as it goes out. */
export interface Readied {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What came of bytes that node:http could not make a request of. */
export interface Fault {
  readonly status: number;
  readonly reason: OperatorRefusal;
  readonly message: string;
}

/** Makes an answer ready to go out. */
export function readied({ status, body, headers }: AdminAnswer): Readied {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(`${printable(JSON.stringify(body))}\n`);
  const usual = { "content-type": "application/json", "content-length": String(bytes.length) };
  const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return { status, headers: { ...usual, ...always, ...headers }, body: bytes };
}

/** A failure as an answer: google.rpc.Status as JSON. */
export function refusalOf(error: PrismError): Readied {
  const { httpStatus = httpStatusOf(error.code), headers = {} } = error instanceof AdminRefusal ? error : {};
  return readied({ status: httpStatus, headers, body: statusJson(statusFrom(error)) });
}

/** The whole answer to bytes that are no request, behind which the connection closes. */
export function rawRefusal(fault: Fault): Buffer {
  const { status } = fault;
  const { headers, body } = refusalOf(faultError(fault));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/** A fault as a failure, behind which the connection closes. */
export function faultError({ status, message }: Fault): AdminRefusal {
  return new AdminRefusal(new PrismError("invalidRequest", message), status, { connection: "close" });
}

/** What is wrong, by the code that node:http has for it. */
export function faultOf(code = ""): Fault {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return {
        status: 431,
        reason: "header_bytes",
        message: "the headers are larger than server.limits.header_bytes: send fewer or shorter ones",
      };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return {
        status: 408,
        reason: "header_block_ms",
        message:
          "the request did not come within server.limits.header_block_ms, and its body within request_ms: send it faster",
      };
    case connectFault.code:
      return { status: connectFault.status, reason: "protocol_error", message: connectFault.message };
    default:
      return { status: 400, reason: "protocol_error", message: `the request is no HTTP/1.1 (${code})` };
  }
}
