/** What one figure's measurement found. */
export interface Finding {
  /** As `--only` takes it. */
  readonly name: string;
  readonly title: string;
  readonly table: Rows;
  /** Sentences below the table. */
  readonly notes: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly plots: readonly Plot[];
  /** All that was measured, for results/latest.json. */
  readonly record: unknown;
}

/** A table's head and rows. */
export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One figure held against what it must reach. */
export interface Verdict {
  readonly figure: string;
  readonly must: string;
  readonly is: string;
  readonly holds: boolean;
}

/** A picture for results/. */
export interface Plot {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** Holds a measured value against an upper bound. */
export function atMost(figure: string, is: { value: number; text: string }, bound: Bound): Verdict {
  return { figure, must: `≤ ${bound.text}`, is: is.text, holds: is.value <= bound.value };
}

/** Holds a measured value against a lower bound. */
export function atLeast(figure: string, is: { value: number; text: string }, bound: Bound): Verdict {
  return { figure, must: `≥ ${bound.text}`, is: is.text, holds: is.value >= bound.value };
}

/** A bound and how it is written. */
export interface Bound {
  readonly value: number;
  readonly text: string;
}
