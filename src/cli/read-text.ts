import { createReadStream } from "node:fs";
import { largestDeclaration, PrismError, systemProblem } from "../protocol/index.js";

/** The text of a file, which is UTF-8; "-" is stdin. Rejects with kind `invalidConfig` where it cannot be read, or is too large to be taken. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, "it is no UTF-8 text: save it as UTF-8", cause);
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const stream: AsyncIterable<Buffer> = file === "-" ? process.stdin : createReadStream(file);
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > largestDeclaration) break;
    }
  } catch (cause) {
    const { why, code, remedy } = systemProblem(cause);
    throw unreadable(file, `${why} (${code}): ${remedy}; - is stdin`, cause);
  }
  if (length > largestDeclaration) {
    const most = `at most ${largestDeclaration / 1024 ** 2} MiB are taken`;
    throw unreadable(file, `${most}: apply it in parts`, undefined);
  }
  return Buffer.concat(chunks);
}

function unreadable(file: string, why: string, cause: unknown): PrismError {
  return new PrismError("invalidConfig", `${file} cannot be read: ${why}`, { cause });
}
