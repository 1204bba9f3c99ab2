import { isTerminal, palette } from "./terminal.js";

/** How a table is shown. */
export interface TableLook {
  /** Rows alone; by default the heads go first. */
  readonly noHeader?: boolean;
}

/** Rows under their heads, aligned, for a terminal; elsewhere a line each, its cells separated by tabs. */
export async function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  { noHeader = false }: TableLook = {},
): Promise<string> {
  if (!isTerminal()) return (noHeader ? rows : [heads, ...rows]).map(lineOf).join("\n");
  const { default: Table } = await import("cli-table3");
  const paint = palette();
  const lines = new Table({ chars: borderless, style: { head: [], border: [], "padding-left": 0 } });
  if (!noHeader) lines.push(heads.map((head) => paint.dim(head)));
  lines.push(...rows.map((row) => [...row]));
  return lines.toString();
}

/** A cell stays one, and a row one line, whatever a reason says. */
function lineOf(row: readonly string[]): string {
  return row.map((cell) => cell.replace(/[\t\r\n]+/g, " ")).join("\t");
}

const borderless = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};
