import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";

/** The largest configuration that is read: room for some ten thousand namespaces. */
const largestFile = 8 * 1024 * 1024;

/** Why a file's text could not be had, as a sentence with the remedy. */
export class UnreadableFile extends Error {}

/** A file's text, which must be UTF-8 and within bounds. Rejects with {@link UnreadableFile}. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBounded(file);
  if (bytes.length > largestFile)
    throw new UnreadableFile(
      `expected at most ${largestFile / 1024 ** 2} MiB, got more; is this the right file?`,
    );
  if (!isUtf8(bytes))
    throw new UnreadableFile(
      `expected UTF-8 text, got other bytes in line ${lineOfOtherBytes(bytes)}; save the file as UTF-8`,
    );
  return new TextDecoder().decode(bytes);
}

/** Reads one byte more than is allowed at most, also where the file has no end. */
async function readBounded(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    const stream: AsyncIterable<Buffer> = createReadStream(file, { end: largestFile });
    for await (const chunk of stream) chunks.push(chunk);
  } catch (reason) {
    throw new UnreadableFile(sentenceFor(reason), { cause: reason });
  }
  return Buffer.concat(chunks);
}

function sentenceFor(reason: unknown): string {
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "unknown reason";
  if (code === "ENOENT") return "no such file; check the path given with --config";
  if (code === "EISDIR") return "expected a file, got a directory; name the file in it";
  if (code === "EACCES") return "may not be read; give this user read permission";
  return `cannot be read (${code})`;
}

function lineOfOtherBytes(bytes: Buffer): number {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    line += 1;
    start = end + 1;
  }
}
