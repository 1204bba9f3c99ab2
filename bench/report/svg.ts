import { machine } from "./machine.js";

/** Where a picture's drawing lies. */
export interface Box {
  readonly width: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
}

/** What goes around a drawing. */
export interface Frame {
  readonly title: string;
  readonly note: string;
  readonly box: Box;
  readonly height: number;
}

/** A picture with its title, and the machine below. */
export function picture({ title, note, box, height }: Frame, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${box.width}" height="${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    text(16, 24, title, 'font-size="16" font-weight="bold"'),
    text(16, 42, note, 'fill="#57606a"'),
    ...body,
    text(16, height - 10, machine(), 'fill="#57606a"'),
    "</svg>",
    "",
  ].join("\n");
}

/** Some text at a place. */
export function text(x: number, y: number, words: string, attributes = ""): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${safe}</text>`;
}
