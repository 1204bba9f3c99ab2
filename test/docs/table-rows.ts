/** The rows of every table in a Markdown text, cell by cell, without their headings. */
export function tableRows(markdown: string): string[][] {
  const rows = markdown
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return rows.filter((cells, index) => !isRule(cells) && !isRule(rows[index + 1] ?? []));
}

/** What stands between the first two backticks of a cell; undefined where there are none. */
export function codeIn(cell: string | undefined): string | undefined {
  return /`([^`]*)`/.exec(cell ?? "")?.[1];
}

function isRule(cells: readonly string[]): boolean {
  return cells.length > 0 && cells.every((cell) => /^:?-+:?$/.test(cell));
}
