import { ErrorCode } from "./error-code.js";

/** gRPC status codes that the wire itself gives (google.rpc.Code). */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The status of an answer without `grpc-status`, by its HTTP status (gRPC: http-grpc-status-mapping). */
export function statusFromHttp(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
    case 431:
      return GrpcStatus.INTERNAL;
    case 401:
      return GrpcStatus.UNAUTHENTICATED;
    case 403:
      return GrpcStatus.PERMISSION_DENIED;
    case 404:
      return GrpcStatus.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcStatus.UNAVAILABLE;
    default:
      return GrpcStatus.UNKNOWN;
  }
}

/** The status of a call that ended with RST_STREAM (gRPC over HTTP/2, "Errors"). */
export function statusFromReset(code: number): number {
  switch (code) {
    case ErrorCode.CANCEL:
      return GrpcStatus.CANCELLED;
    case ErrorCode.REFUSED_STREAM:
      return GrpcStatus.UNAVAILABLE;
    case ErrorCode.ENHANCE_YOUR_CALM:
      return GrpcStatus.RESOURCE_EXHAUSTED;
    case ErrorCode.INADEQUATE_SECURITY:
      return GrpcStatus.PERMISSION_DENIED;
    default:
      return GrpcStatus.INTERNAL;
  }
}

const units = "HMSmun";
const unitMs: readonly number[] = [3_600_000, 60_000, 1000, 1, 1e-3, 1e-6];
const mostDigits = 8;

/** Milliseconds of a `grpc-timeout`; undefined where it is none. */
export function parseTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  const unit = unitMs[units.indexOf(text.charAt(digits))];
  if (unit === undefined || digits < 1 || digits > mostDigits) return undefined;
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value * unit;
}

/** A `grpc-timeout` of at most so many milliseconds, rounded down. */
export function formatTimeout(ms: number): string {
  if (ms < 1) return `${Math.max(0, Math.floor(ms * 1e6))}n`;
  if (ms < 100_000_000) return `${Math.floor(ms)}m`;
  return `${Math.min(99_999_999, Math.floor(ms / 1000))}S`;
}

/** `grpc-message` for a text: UTF-8, percent-encoded but for visible ASCII and blanks between it. */
export function encodeGrpcMessage(text: string): string {
  return text.replace(/^ | $|[^\x20-\x24\x26-\x7e]+/g, (run) =>
    [...Buffer.from(run)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** The text of a `grpc-message`; broken escapes stay as they are. */
export function decodeGrpcMessage(coded: string): string {
  const bytes = coded.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
