import { ErrorCode } from "./error-code.js";
import { type LimitName, type Refusal, refusalOf } from "./refusal.js";

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

/** The peer broke a rule that has no code of its own. */
export function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

/** The peer allows more than a window can hold. */
export function windowOverflow(): ConnectionError {
  return new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a window overflows");
}

/** Throws where a frame has not the length that its type asks for. */
export function checkSize(isRight: boolean, frame: string): void {
  if (!isRight) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of a wrong length`);
}
