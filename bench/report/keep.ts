import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Effort } from "../stage.js";
import { placement } from "../subjects/cores.js";
import type { Finding, Rows } from "./finding.js";
import { machine } from "./machine.js";

const bench = new URL("..", import.meta.url).pathname;
const [begin, end] = [
  "<!-- figures: begin, written by `npm run bench -- --keep` -->",
  "<!-- figures: end -->",
];

/** Writes a run's figures and plots to results/, and the figures into the README between its marks. */
export function keep(findings: readonly Finding[], effort: Effort): void {
  const results = join(bench, "results");
  mkdirSync(results, { recursive: true });
  for (const { plots } of findings)
    for (const { file, svg } of plots) writeFileSync(join(results, file), svg);
  const record = {
    machine: machine(),
    placement: placement(),
    effort,
    verdicts: findings.flatMap(({ verdicts }) => verdicts),
    found: Object.fromEntries(findings.map(({ name, record: found }) => [name, found])),
  };
  writeFileSync(join(results, "latest.json"), `${JSON.stringify(record, null, 1)}\n`);
  const readme = join(bench, "README.md");
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), section(findings)));
}

/** A page with another text between its marks. */
export function withFigures(page: string, figures: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`bench/README.md has lost its marks: ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${figures}\n${page.slice(to)}`;
}

function section(findings: readonly Finding[]): string {
  const verdicts = findings.flatMap((finding) => finding.verdicts);
  const held = verdicts.map(({ figure, must, is, holds }) => [
    figure,
    must,
    is,
    holds ? "held" : "**missed**",
  ]);
  return [
    `On ${machine()}; ${placement()}.\n`,
    markdown({ head: ["figure", "must", "is: median (least–most)", ""], rows: held }),
    ...findings.flatMap(({ title, table, notes, plots }) => [
      `### ${title}\n`,
      markdown(table),
      ...notes.map((note) => `${note}\n`),
      ...plots.map((plot) => `![${plot.title}](results/${plot.file})\n`),
    ]),
  ].join("\n");
}

function markdown({ head, rows }: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
}
