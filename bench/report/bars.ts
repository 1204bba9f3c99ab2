import type { Spread } from "./spread.js";
import { type Box, picture, text } from "./svg.js";

/** A bar: the median, with a line over the range. */
export interface Bar extends Spread {
  readonly name: string;
}

const box: Box = { width: 820, left: 240, top: 56, right: 80 };
const barHeight = 24;
const gap = 8;

/** Bars on a logarithmic scale, the shortest first. */
export function bars(title: string, values: readonly Bar[]): string {
  const sorted = values.toSorted((a, b) => a.median - b.median);
  const most = Math.max(...sorted.map((bar) => bar.most));
  const least =
    Math.min(1, ...sorted.map((bar) => bar.least)) === 1 ? 1 : Math.max(1e-3, sorted[0]?.least ?? 1);
  const room = box.width - box.left - box.right;
  const x = (value: number): number =>
    box.left + (room * Math.log10(Math.max(1, value / least))) / Math.log10(most / least);
  const body = sorted.flatMap((bar, row) => {
    const y = box.top + row * (barHeight + gap);
    const middle = y + barHeight / 2;
    const colour = bar.name.startsWith("prism") ? "#1f6feb" : "#8b949e";
    const [from, to] = [x(bar.least).toFixed(1), x(bar.most).toFixed(1)];
    return [
      text(box.left - 8, middle + 4, bar.name, 'text-anchor="end"'),
      `<rect x="${box.left}" y="${y}" width="${(x(bar.median) - box.left).toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
      `<line x1="${from}" x2="${to}" y1="${middle}" y2="${middle}" stroke="#24292f" stroke-width="2"/>`,
      text(x(bar.most) + 6, middle + 4, short(bar.median)),
    ];
  });
  const height = box.top + sorted.length * (barHeight + gap) + 30;
  return picture({ title, note: "bar: median, line: least to most of all runs", box, height }, body);
}

function short(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : value.toFixed(1);
}
