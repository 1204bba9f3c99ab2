import { PrismError } from "../../../../protocol/index.js";
import { Gathered } from "../gathered.js";
import { lineBytes } from "../http-limits.js";
import { HttpRefusal } from "../http-refusal.js";

const lineFeed = 0x0a;

/** Cuts a body into its lines, those with nothing in them left out. `next` gives its pieces, and undefined at its end. */
export async function* linesOf(next: () => Promise<Buffer | undefined>): AsyncGenerator<Buffer> {
  const rest = new Gathered();
  for (let piece; (piece = await next());) {
    let begin = 0;
    for (let end; (end = piece.indexOf(lineFeed, begin)) >= 0; begin = end + 1) {
      rest.push(piece.subarray(begin, end));
      checkLength(rest);
      const line = rest.take();
      if (isLine(line)) yield line;
    }
    rest.push(piece.subarray(begin));
    checkLength(rest);
  }
  const last = rest.take();
  if (isLine(last)) yield last;
}

function isLine(line: Buffer): boolean {
  return line.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d);
}

function checkLength({ length }: Gathered): void {
  if (length <= lineBytes) return;
  const message = `a line is longer than ${lineBytes} bytes: send less in one message`;
  throw new HttpRefusal(new PrismError("overLimit", message), 413);
}
