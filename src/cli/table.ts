import Table from "cli-table3";
import { isTerminal, palette } from "./terminal.js";

/** Rows under their heads, aligned, for a terminal; elsewhere rows alone, their cells separated by tabs. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (!isTerminal()) return rows.map((row) => row.join("\t")).join("\n");
  const paint = palette();
  const lines = new Table({ chars: borderless, style: { head: [], border: [], "padding-left": 0 } });
  lines.push(
    heads.map((head) => paint.dim(head)),
    ...rows.map((row) => [...row]),
  );
  return lines.toString();
}

const borderless = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};
