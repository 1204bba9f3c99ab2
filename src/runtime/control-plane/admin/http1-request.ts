import type { IncomingMessage } from "node:http";
import { httpStatusOf, PrismError } from "../../../protocol/index.js";
import { AdminRefusal } from "./admin-refusal.js";

const longestBody = 64 * 1024;
const wholeUri = /^https?:\/\/([^/?]*)/i;

/** Throws where two readers could understand a request differently, beyond what node:http refuses itself. */
export function assertSound(
  { rawHeaders, httpVersion, headers, url = "" }: IncomingMessage,
  mostFields: number,
): void {
  const close = { connection: "close" };
  if (rawHeaders.length / 2 > mostFields) {
    const message = `the headers have more than ${mostFields} fields (server.limits.header_fields): send fewer`;
    throw new AdminRefusal(new PrismError("overLimit", message), 431, close);
  }
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
  if (hosts !== 1 && !(hosts === 0 && httpVersion === "1.0")) {
    const error = new PrismError("invalidRequest", `the request has ${hosts} Hosts: send one`);
    throw new AdminRefusal(error, 400, close);
  }
  const [, inTarget] = wholeUri.exec(url) ?? [];
  if (inTarget !== undefined && inTarget.toLowerCase() !== headers.host?.toLowerCase()) {
    const error = new PrismError("invalidRequest", "the request names two hosts that differ: send one");
    throw new AdminRefusal(error, 400, close);
  }
  const coding = headers["transfer-encoding"] ?? "chunked";
  if (coding.toLowerCase() !== "chunked") {
    const error = new PrismError(
      "notAvailableYet",
      `a body coded as ${coding.slice(0, 40)} is not taken: send it as it is`,
    );
    throw new AdminRefusal(error, httpStatusOf(error.code), close);
  }
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
