import type { HeaderList } from "../../../wire/index.js";

/** How the bodies of an exchange are written. */
export interface WebForm {
  /** The request is base64. */
  readonly isTextIn: boolean;
  /** So is the answer. */
  readonly isTextOut: boolean;
  /** The content type of the same call over gRPC. */
  readonly grpcType: string;
  /** … and of the answer over gRPC-Web. */
  readonly answerType: string;
}

const typeForm = /^application\/grpc-web(-text)?(\+[a-z0-9._-]+)?[ \t]*(?:;|$)/i;
const acceptForm = /\bapplication\/grpc-web(-text)?\b/i;

/** The form of a gRPC-Web request, undefined where it is none (gRPC's PROTOCOL-WEB.md). */
export function webFormOf(headers: HeaderList): WebForm | undefined {
  if (headers.get(":method") !== "POST") return undefined;
  const type = typeForm.exec(headers.get("content-type") ?? "");
  if (!type) return undefined;
  const [, text, format = "+proto"] = type;
  const isTextIn = text !== undefined;
  // The answer is what was asked for, else what came.
  const accepted = acceptForm.exec(headers.get("accept") ?? "");
  const isTextOut = accepted ? accepted[1] !== undefined : isTextIn;
  const answerType = `application/grpc-web${isTextOut ? "-text" : ""}${format}`;
  return { isTextIn, isTextOut, grpcType: `application/grpc${format}`, answerType };
}
