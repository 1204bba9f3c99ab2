import { PrismError } from "../../../../protocol/index.js";
import { Gathered } from "../gathered.js";
import { HttpRefusal } from "../http-refusal.js";

const lineFeed = 0x0a;

/**
 * Cuts a body into its lines, those with nothing in them left out. `next` gives its pieces, and undefined at its end.
 * Throws where a line is longer than `most`, which is `server.limits.json_line_bytes`.
 */
export async function* linesOf(
  next: () => Promise<Buffer | undefined>,
  most: number,
): AsyncGenerator<Buffer> {
  const rest = new Gathered();
  for (let piece; (piece = await next());) {
    let begin = 0;
    for (let end; (end = piece.indexOf(lineFeed, begin)) >= 0; begin = end + 1) {
      rest.push(piece.subarray(begin, end));
      checkLength(rest, most);
      const line = rest.take();
      if (isLine(line)) yield line;
    }
    rest.push(piece.subarray(begin));
    checkLength(rest, most);
  }
  const last = rest.take();
  if (isLine(last)) yield last;
}

function isLine(line: Buffer): boolean {
  return line.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d);
}

function checkLength({ length }: Gathered, most: number): void {
  if (length <= most) return;
  const limit = "server.limits.json_line_bytes";
  const message = `a line is longer than ${most} bytes (${limit}): send less in one message`;
  throw new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 413);
}
