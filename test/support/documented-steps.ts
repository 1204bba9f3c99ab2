/** Commands of a page, and what it says that they print; "…" stands for anything. */
export interface Step {
  readonly commands: string;
  readonly printed: string;
}

/** What a page names, and what stands for it in a test. */
export type Substitutes = readonly (readonly [named: string, here: string])[];

/** The commands of a page, each with the text that follows it. */
export function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)].map(([, kind, text = ""]) => ({
    kind,
    text,
  }));
  return blocks.flatMap(({ kind, text }, index) => {
    const next = blocks[index + 1];
    return kind === "sh" ? [{ commands: text, printed: next?.kind === "text" ? next.text : "" }] : [];
  });
}

/** A page's words as they are here. */
export function substitute(text: string, substitutes: Substitutes): string {
  return substitutes.reduce((result, [named, here]) => result.replaceAll(named, here), text);
}

/** A pattern for what the page says is printed. */
export function printed(text: string, substitutes: Substitutes): RegExp {
  const pieces = substitute(text.trim(), substitutes).split("…");
  return new RegExp(pieces.map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"), "s");
}
