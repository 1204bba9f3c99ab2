import type { LimitName, Refusal } from "./refusal.js";

/** Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

/** The name of a code, as a refusal is counted by. A code that nobody knows counts as our own fault. */
export function refusalOf(code: number): Refusal {
  return names[code] ?? "internal_error";
}

const names = Object.keys(ErrorCode).map((name) => name.toLowerCase() as Refusal);

/** A fault of the peer that ends the connection: it is told by GOAWAY (RFC 9113, section 5.4.1). */
export class ConnectionError extends Error {
  readonly code: number;
  readonly refusal: Refusal;

  constructor(code: number, message: string, refusal: Refusal = refusalOf(code)) {
    super(message);
    this.name = "ConnectionError";
    this.code = code;
    this.refusal = refusal;
  }
}

/** The peer has met a limit that ends the connection; it hears which. */
export function overLimit(limit: LimitName, message: string): ConnectionError {
  return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `${message} (${limit})`, limit);
}
