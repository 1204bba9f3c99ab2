import { Pieces } from "./common/pieces.js";

/** Labels and their values, in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/** A metric with a line, or several, for each of rows that may be many thousands. */
export interface MetricFamily<Row> {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly rows: Iterable<Row>;
  readonly linesOf: (row: Row) => readonly string[];
}

/** What a histogram has counted. */
export interface HistogramCounts {
  /** Upper bounds, in milliseconds. */
  readonly boundsMs: readonly number[];
  /** How many lie within each bound; each counts those before it. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

/** So many lines become bytes at once. */
const linesOfPiece = 256;

/**
 * Writes a metric for Prometheus, in pieces: with 10,000 namespaces it has 100,000 lines and more. prom-client's own
 * writer takes one turn for each metric, and its histograms single observations; these have been counted already.
 */
export async function exposeFamily<Row>(family: MetricFamily<Row>): Promise<Buffer> {
  const { name, help, type, rows, linesOf } = family;
  const pieces = new Pieces();
  const written: Buffer[] = [];
  let lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  const write = (): void => {
    written.push(Buffer.from(lines.join("\n") + "\n"));
    lines = [];
  };
  for (const row of rows) {
    lines.push(...linesOf(row));
    if (lines.length >= linesOfPiece) write();
    await pieces.next();
  }
  if (lines.length > 0) write();
  return Buffer.concat(written);
}

/** One line. */
export function lineOf(name: string, labels: Labels, value: number): string {
  return `${name}{${textOf(labels)}} ${value}`;
}

/** The lines of a histogram in seconds. */
export function histogramLines(name: string, labels: Labels, counts: HistogramCounts): string[] {
  const { boundsMs, buckets, count, sumMs } = counts;
  const text = textOf(labels);
  return [
    ...boundsMs.map((ms, at) => `${name}_bucket{${text},le="${ms / 1000}"} ${buckets[at] ?? 0}`),
    `${name}_bucket{${text},le="+Inf"} ${count}`,
    `${name}_sum{${text}} ${sumMs / 1000}`,
    `${name}_count{${text}} ${count}`,
  ];
}

function textOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${escape(value)}"`)
    .join(",");
}

function escape(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}
