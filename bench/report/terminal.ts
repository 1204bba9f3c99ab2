import chalk from "chalk";
import Table from "cli-table3";
import type { Finding, Rows, Verdict } from "./finding.js";

/** A finding as a terminal shows it. */
export function shown({ title, table, notes }: Finding): string {
  return [chalk.bold(title), drawn(table), ...notes, ""].join("\n");
}

/** Every figure with what it must reach, and whether it does. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ figure, must, is, holds }) => [
    figure,
    must,
    is,
    holds ? chalk.green("held") : chalk.red("missed"),
  ]);
  return drawn({ head: ["figure", "must", "is: median (least–most)", ""], rows });
}

function drawn({ head, rows }: Rows): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
