import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, constants, createReadStream, fstatSync, open } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { largestDeclaration, systemProblem } from "../../protocol/index.js";

/** How long whoever writes the configuration into a pipe may take. */
const pipeMs = 10_000;

/** Why a file's text could not be had, as a sentence with the remedy. */
export class UnreadableFile extends Error {}

/** A text, and the file that it came from. */
export interface FileText {
  readonly text: string;
  /** SHA-256 of its bytes, hexadecimal. */
  readonly digest: string;
  /** False for a pipe or a device: what was read is gone from it, and reading it again would tell something else. */
  readonly isRegular: boolean;
}

/**
 * A file's text, which must be UTF-8 and within bounds. Rejects with {@link UnreadableFile}; never waits for a pipe that
 * nobody writes.
 */
export async function readText(file: string): Promise<FileText> {
  const { bytes, isRegular } = await readBounded(file);
  if (bytes.length > largestDeclaration) throw new UnreadableFile(tooLarge);
  if (!isUtf8(bytes))
    throw new UnreadableFile(
      `expected UTF-8 text, got other bytes in line ${lineOfOtherBytes(bytes)}; save the file as UTF-8`,
    );
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), digest, isRegular };
}

/** What is told of a declaration beyond {@link largestDeclaration}. */
export const tooLarge = `expected at most ${largestDeclaration / 1024 ** 2} MiB, got more; is this the right file?`;

/** Reads one byte more than is allowed at most, also where the file has no end. */
async function readBounded(file: string): Promise<{ bytes: Buffer; isRegular: boolean }> {
  try {
    // Without waiting: to open a pipe that nobody writes would hang, and so would the end of the process.
    const fd = await promisify(open)(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { stream, isRegular } = streamOf(fd);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > largestDeclaration) break;
    }
    return { bytes: Buffer.concat(chunks), isRegular };
  } catch (reason) {
    if (reason instanceof UnreadableFile) throw reason;
    const { code, why, remedy } = systemProblem(reason, here);
    throw new UnreadableFile(`cannot be read: ${why}${code === "" ? "" : ` (${code})`}; ${remedy}`, {
      cause: reason,
    });
  }
}

const here = {
  ENOENT: ["there is no such file", "check the path given with --config"],
} as const;

/** Takes the descriptor: whoever ends the stream has closed it. */
function streamOf(fd: number): { stream: AsyncIterable<Buffer>; isRegular: boolean } {
  const found = fstatSync(fd);
  if (found.isFIFO()) return { stream: pipeOf(fd), isRegular: false };
  if (!isatty(fd))
    return { stream: createReadStream("", { fd, end: largestDeclaration }), isRegular: found.isFile() };
  closeSync(fd);
  throw new UnreadableFile("expected a file, got a terminal; name a file");
}

function pipeOf(fd: number): AsyncIterable<Buffer> {
  const socket = new Socket({ fd, readable: true, writable: false });
  const late = setTimeout(
    () =>
      socket.destroy(
        new UnreadableFile(
          `the pipe was not written to its end within ${pipeMs / 1000} s; look after who writes it`,
        ),
      ),
    pipeMs,
  );
  return socket.once("close", () => clearTimeout(late));
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
