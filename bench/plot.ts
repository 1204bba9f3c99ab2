import { spread } from "./measure.js";
import { type Findings, machine, rows } from "./report.js";

const width = 760;
const left = 190;
const barHeight = 26;
const top = 56;

/** The CPU per call of every subject as an SVG: a bar for the median, a line for the range, on a logarithmic scale. */
export function plot(findings: Findings): string {
  const bars = rows(findings)
    .map(({ name, samples }) => ({ name, ...spread(samples.map((s) => s.cpuMicrosPerCall)) }))
    .toSorted((a, b) => a.median - b.median);
  const most = Math.max(...bars.map((bar) => bar.most));
  const x = (micros: number): number =>
    left + ((width - left - 70) * Math.log10(Math.max(1, micros))) / Math.log10(most);
  const height = top + bars.length * (barHeight + 8) + 30;
  const body = bars.map((bar, row) => {
    const y = top + row * (barHeight + 8);
    const colour = bar.name.startsWith("prism") ? "#1f6feb" : "#8b949e";
    const middle = y + barHeight / 2;
    return [
      `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${bar.name}</text>`,
      `<rect x="${left}" y="${y}" width="${(x(bar.median) - left).toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
      `<line x1="${x(bar.least).toFixed(1)}" x2="${x(bar.most).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#24292f" stroke-width="2"/>`,
      `<text x="${(x(bar.most) + 6).toFixed(1)}" y="${middle + 4}">${bar.median.toFixed(1)}</text>`,
    ].join("\n");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="16" y="24" font-size="16" font-weight="bold">CPU of the proxy per small unary call, µs (logarithmic; less is better)</text>`,
    `<text x="16" y="42" fill="#57606a">bar: median, line: least to most of all runs</text>`,
    ...body,
    `<text x="16" y="${height - 10}" fill="#57606a">${machine()}</text>`,
    "</svg>",
    "",
  ].join("\n");
}
