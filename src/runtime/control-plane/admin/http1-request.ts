import type { IncomingMessage } from "node:http";
import { PrismError } from "../../../protocol/index.js";
import { headFault } from "../../../wire/index.js";
import { AdminRefusal } from "./admin-refusal.js";

const longestBody = 64 * 1024;
const wholeUri = /^https?:\/\/([^/?]*)/i;

/** The refusal of a head that two readers could understand differently; undefined where it is sound. */
export function checkHead(request: IncomingMessage, mostFields: number): AdminRefusal | undefined {
  const fault = headFault(request, mostFields);
  if (fault === undefined) return undefined;
  const kind = fault.status === 431 ? "overLimit" : "invalidRequest";
  return new AdminRefusal(new PrismError(kind, fault.message), fault.status, { connection: "close" });
}

/** By which name it asks; undefined over HTTP/1.0. */
export function hostOf({ headers }: IncomingMessage): string | undefined {
  return headers.host;
}

/** Path and query; a client may name the whole URI, as to a forward proxy (RFC 9112, section 3.2.2). */
export function targetOf({ url = "" }: IncomingMessage): string {
  return url.replace(wholeUri, "");
}

/** The whole body. Rejects where it is too large, or breaks off, and with the signal's reason where it is not waited for any longer. */
export function bodyOf(request: IncomingMessage, broken: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const left = new PrismError("cancelled", "the client left before its request was complete");
    const onBroken = (): void => reject(broken.reason as Error);
    if (broken.aborted) return onBroken();
    if (request.destroyed) return reject(left);
    broken.addEventListener("abort", onBroken);
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > longestBody) reject(tooLong());
      else chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("close", () => {
      broken.removeEventListener("abort", onBroken);
      reject(left);
    });
  });
}

function tooLong(): AdminRefusal {
  const message = `the body is longer than ${longestBody} bytes: name one namespace`;
  return new AdminRefusal(new PrismError("overLimit", message), 413, { connection: "close" });
}
