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

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of a `grpc-timeout`; undefined where it is none. */
export function parseTimeout(text: string): number | undefined {
  const found = /^(\d{1,8})([HMSmun])$/.exec(text);
  return found ? Number(found[1]) * (unitMs[found[2] ?? ""] ?? 0) : undefined;
}

/** A `grpc-timeout` of at most so many milliseconds, rounded down. */
export function formatTimeout(ms: number): string {
  if (ms < 1) return `${Math.max(0, Math.floor(ms * 1e6))}n`;
  if (ms < 100_000_000) return `${Math.floor(ms)}m`;
  return `${Math.min(99_999_999, Math.floor(ms / 1000))}S`;
}

/** `grpc-message` for a text: UTF-8, percent-encoded but for visible ASCII. */
export function encodeGrpcMessage(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/g, (run) =>
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
