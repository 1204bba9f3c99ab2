import { type Box, picture, text } from "./svg.js";

/** Curves over the same labels. */
export interface Lines {
  readonly title: string;
  readonly labels: readonly string[];
  readonly curves: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const box: Box = { width: 820, left: 70, top: 70, right: 210 };
const drawn = 300;
const height = box.top + drawn + 60;
const colours = ["#57606a", "#1f6feb", "#54aeff", "#cf222e", "#9a6700", "#8250df"];

/** Curves on a logarithmic scale, each with its name at its end. */
export function lines({ title, labels, curves }: Lines): string {
  const all = curves.flatMap(({ values }) => values).filter((value) => value > 0);
  const [low, high] = [Math.log10(Math.min(...all)), Math.log10(Math.max(...all))];
  const x = (i: number): number => box.left + (i * (box.width - box.left - box.right)) / (labels.length - 1);
  const y = (value: number): number =>
    box.top + drawn - (drawn * (Math.log10(Math.max(value, 10 ** low)) - low)) / (high - low);
  const ends = apart(curves.map(({ values }) => y(values.at(-1) ?? 0)));
  const body = [
    ...labels.map((label, i) => text(x(i), box.top + drawn + 24, label, 'text-anchor="middle"')),
    ...[low, (low + high) / 2, high].map((power) =>
      text(box.left - 10, y(10 ** power) + 4, (10 ** power).toPrecision(2), 'text-anchor="end"'),
    ),
    ...curves.flatMap(({ name, values }, i) => {
      const colour = colours[i % colours.length] ?? "black";
      const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      return [
        `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        text(x(labels.length - 1) + 8, (ends[i] ?? 0) + 4, name, `fill="${colour}"`),
      ];
    }),
  ];
  return picture({ title, note: "median over the rounds", box, height }, body);
}

/** Moves heights that are too near apart, so that names do not lie over each other. */
function apart(heights: readonly number[]): number[] {
  const least = 16;
  const order = heights.map((value, i) => ({ value, i })).toSorted((a, b) => a.value - b.value);
  const moved = [...heights];
  let last = -Infinity;
  for (const { value, i } of order) {
    last = Math.max(value, last + least);
    moved[i] = last;
  }
  return moved;
}
