import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { PrismError } from "../../../protocol/index.js";
import { connectFault, type NoRequest } from "../../../wire/index.js";
import type { ClientFault } from "./client-fault.js";
import { everyAnswer } from "../common/fields.js";
import { failureAnswer } from "./http-failure.js";
import { HttpRefusal } from "./http-refusal.js";

/** Answers bytes that are no request, and closes; undefined where the client has left, which is no fault. */
export function answerClientError(error: NoRequest, socket: Duplex): ClientFault | undefined {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const { refusal, fault } = refusalOf(error);
  const { httpStatus, fields, body } = failureAnswer(refusal);
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? ""}`,
    ...Object.entries({ ...everyAnswer, ...fields }).map(([name, value]) => `${name}: ${value}`),
  ];
  // What else it sends is not read: it might be the body that smuggles the next request.
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]), () => socket.destroy());
  return fault;
}

/** What bytes that are no request are answered, and what is told of them. */
export function refusalOf({ code = "" }: NoRequest): { refusal: HttpRefusal; fault: ClientFault } {
  const { status, reason, message } = faultOf(code);
  const refusal = new HttpRefusal(new PrismError("invalidRequest", message), status, { connection: "close" });
  return { refusal, fault: { reason, message } };
}

function faultOf(code: string): ClientFault & { readonly status: number } {
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
        message: "the head of the request did not come within server.limits.header_block_ms: send it faster",
      };
    case connectFault.code:
      return { status: connectFault.status, reason: "protocol_error", message: connectFault.message };
    default:
      return { status: 400, reason: "protocol_error", message: `the request is no HTTP/1.1 (${code})` };
  }
}
