import type { IncomingMessage } from "node:http";
import { readAddress } from "../client/address.js";
import { isReadObject, readJson, type ReadJson } from "../protocol/index.js";

/** Whose operation is asked about, and where. */
export interface AskedOperation {
  /** Where the data plane listens. */
  readonly address: string;
  readonly namespace: string;
  readonly operation: string;
}

/** What takes longer is not worth waiting for: the operation itself tells too. */
const askMs = 2000;
/** More than a plugin can tell of its operations. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Whether the namespace's plugin has told that an operation streams. False where it has not, and where nobody tells what a
 * namespace can do, as something in between that passes gRPC alone: what that means is told by the call itself.
 */
export async function isToldToStream(asked: AskedOperation, signal: AbortSignal): Promise<boolean> {
  try {
    return isStreaming(readJson(await describe(asked, signal)), asked.operation);
  } catch {
    return false;
  }
}

function isStreaming(described: ReadJson, operation: string): boolean {
  const operations = isReadObject(described) ? described["operations"] : undefined;
  const ofThatName = (each: ReadJson): boolean => isReadObject(each) && each["name"] === operation;
  const found = Array.isArray(operations) ? operations.find(ofThatName) : undefined;
  return found !== undefined && isReadObject(found) && found["streaming"] === true;
}

async function describe({ address, namespace }: AskedOperation, signal: AbortSignal): Promise<Buffer> {
  const place = readAddress(address);
  if (!place) throw new Error(`"${address}" is no address`);
  // Most commands need none of it.
  const { get } = await import("node:http");
  const at = "path" in place ? { socketPath: place.path } : place;
  const path = `/v1/namespaces/${encodeURIComponent(namespace)}`;
  return new Promise((resolve, reject) => {
    const request = get({ ...at, path, agent: false, signal, timeout: askMs }, (response) => {
      bytesOf(response).then(resolve, reject);
    });
    request.once("timeout", () => request.destroy(new Error(`no answer within ${askMs} ms`)));
    request.once("error", reject);
  });
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`it is more than ${mostBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
