import { Code, codeFrom, codeName } from "../../../protocol/index.js";
import { type CallCounter, latencyBucketsMs } from "../../model/proxy-messages.js";

/** The label of an operation that nobody declared, so that clients cannot make labels up. */
export const otherOperation = "other";

/** The label of a call whose namespace does not exist; no namespace can have that name. */
export const unknownNamespace = "(unknown)";

/** The label of a call that Prism answers itself; no namespace can have that name. */
export const prismItself = "(prism)";

/** RED metrics: calls by namespace, operation and code, with how long they took. Cumulative. */
export class CallMetrics {
  readonly #operations = new Map<string, Map<string, OperationMetrics>>();
  readonly #rows = new Rows();

  /** Counts as {@link OperationMetrics} does, without a look at it where the call ended well: `row` is its `okRow`. */
  countIn(row: Row, metrics: OperationMetrics): CallCount {
    return new CountInRow(this.#rows, row, metrics);
  }

  /** Where the calls of one operation are counted; the same object each time. */
  of(namespace: string, operation: string): OperationMetrics {
    const operations = this.#operations.get(namespace) ?? new Map<string, OperationMetrics>();
    this.#operations.set(namespace, operations);
    const metrics = operations.get(operation) ?? new OperationMetrics({ namespace, operation }, this.#rows);
    operations.set(operation, metrics);
    return metrics;
  }

  /** All rows that have been counted. */
  counters(): CallCounter[] {
    const operations = [...this.#operations.values()].flatMap((byName) => [...byName.values()]);
    return operations.flatMap((metrics) => metrics.counters());
  }
}

type Labels = Pick<CallCounter, "namespace" | "operation">;

/** Counts how calls ended. */
export interface CallCount {
  /** Counts one call that took so many milliseconds. */
  count(code: Code, ms: number): void;
}

/** The calls of one namespace and operation. */
export class OperationMetrics implements CallCount {
  readonly operation: string;
  /** Of those that ended well, as most do. */
  readonly okRow: Row;
  readonly #rows: Rows;
  readonly #namespace: string;
  readonly #byCode: (Row | undefined)[] = [];

  constructor({ namespace, operation }: Labels, rows: Rows) {
    this.operation = operation;
    this.#namespace = namespace;
    this.#rows = rows;
    this.okRow = rows.next();
    this.#byCode[Code.OK] = this.okRow;
  }

  count(code: Code, ms: number): void {
    this.#rows.add(code === Code.OK ? this.okRow : (this.#byCode[code] ??= this.#rows.next()), ms);
  }

  /** One row a code that calls have ended with. */
  counters(): CallCounter[] {
    const labels = { namespace: this.#namespace, operation: this.operation };
    return this.#byCode.flatMap((row, code) => {
      const read = row === undefined ? none : this.#rows.read(row);
      return read.count === 0 ? [] : [{ ...labels, code: codeName(codeFrom(code)), ...read }];
    });
  }
}

const none = { count: 0, sumMs: 0, buckets: [] };

/** One call's count, where the metrics that it belongs to lie in no cache. */
class CountInRow implements CallCount {
  readonly #rows: Rows;
  readonly #row: Row;
  readonly #metrics: OperationMetrics;

  constructor(rows: Rows, row: Row, metrics: OperationMetrics) {
    this.#rows = rows;
    this.#row = row;
    this.#metrics = metrics;
  }

  count(code: Code, ms: number): void {
    if (code === Code.OK) this.#rows.add(this.#row, ms);
    else this.#metrics.count(code, ms);
  }
}

/** The number of a row. */
type Row = number;

/** Of a row: the sum of its milliseconds, then how many calls lie in each bucket, then how many above all. */
const rowLength = latencyBucketsMs.length + 2;
/** As a power of two: a page holds so many rows. */
const pageBits = 8;

/**
 * How long calls took, in rows that lie side by side. Where calls go to thousands of namespaces in turn each finds what
 * it counts in no cache: with objects of their own for all these numbers, counting such a call took 0.5 µs.
 */
class Rows {
  readonly #pages: Float64Array[] = [];
  #count = 0;

  next(): Row {
    const row = this.#count++;
    if (row >>> pageBits === this.#pages.length) this.#pages.push(new Float64Array(rowLength << pageBits));
    return row;
  }

  add(row: Row, ms: number): void {
    const page = this.#pages[row >>> pageBits];
    if (page === undefined) return;
    const start = startOf(row);
    let bucket = 0;
    while (bucket < latencyBucketsMs.length && ms > (latencyBucketsMs[bucket] ?? 0)) bucket++;
    const at = start + 1 + bucket;
    page[start] = (page[start] ?? 0) + ms;
    page[at] = (page[at] ?? 0) + 1;
  }

  read(row: Row): Pick<CallCounter, "count" | "sumMs" | "buckets"> {
    const start = startOf(row);
    const [sumMs = 0, ...inBucket] = this.#pages[row >>> pageBits]?.subarray(start, start + rowLength) ?? [];
    let count = 0;
    const buckets = inBucket.map((calls) => (count += calls)).slice(0, -1);
    return { count, sumMs, buckets };
  }
}

/** Where a row begins in its page. */
function startOf(row: Row): number {
  return (row & ((1 << pageBits) - 1)) * rowLength;
}
