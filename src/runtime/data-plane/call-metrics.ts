import { type Code, codeFrom, codeName } from "../../protocol/index.js";
import { type CallCounter, latencyBucketsMs } from "../model/proxy-messages.js";

/** The label of an operation that nobody declared, so that clients cannot make labels up. */
export const otherOperation = "other";

/** The label of a call whose namespace does not exist; no namespace can have that name. */
export const unknownNamespace = "(unknown)";

/** The label of a call that Prism answers itself; no namespace can have that name. */
export const prismItself = "(prism)";

/** RED metrics: calls by namespace, operation and code, with how long they took. Cumulative. */
export class CallMetrics {
  readonly #operations = new Map<string, Map<string, OperationMetrics>>();

  /** Where the calls of one operation are counted; the same object each time. */
  of(namespace: string, operation: string): OperationMetrics {
    const operations = this.#operations.get(namespace) ?? new Map<string, OperationMetrics>();
    this.#operations.set(namespace, operations);
    const metrics = operations.get(operation) ?? new OperationMetrics(namespace, operation);
    operations.set(operation, metrics);
    return metrics;
  }

  /** All rows that have been counted. */
  counters(): CallCounter[] {
    const operations = [...this.#operations.values()].flatMap((byName) => [...byName.values()]);
    return operations.flatMap((metrics) => metrics.counters());
  }
}

/** The calls of one namespace and operation. */
export class OperationMetrics {
  readonly #namespace: string;
  readonly #operation: string;
  readonly #byCode: (Latencies | undefined)[] = [];

  constructor(namespace: string, operation: string) {
    this.#namespace = namespace;
    this.#operation = operation;
  }

  /** Counts one call. */
  count(code: Code, ms: number): void {
    const latencies = (this.#byCode[code] ??= new Latencies());
    latencies.add(ms);
  }

  /** One row a code. */
  counters(): CallCounter[] {
    return this.#byCode.flatMap((latencies, code) =>
      latencies === undefined
        ? []
        : [
            {
              namespace: this.#namespace,
              operation: this.#operation,
              code: codeName(codeFrom(code)),
              ...latencies.read(),
            },
          ],
    );
  }
}

class Latencies {
  #count = 0;
  #sumMs = 0;
  readonly #inBucket = new Float64Array(latencyBucketsMs.length + 1);

  add(ms: number): void {
    this.#count++;
    this.#sumMs += ms;
    let bucket = 0;
    while (bucket < latencyBucketsMs.length && ms > (latencyBucketsMs[bucket] ?? 0)) bucket++;
    this.#inBucket[bucket] = (this.#inBucket[bucket] ?? 0) + 1;
  }

  read(): Pick<CallCounter, "count" | "sumMs" | "buckets"> {
    let below = 0;
    const buckets = latencyBucketsMs.map((_, bucket) => (below += this.#inBucket[bucket] ?? 0));
    return { count: this.#count, sumMs: this.#sumMs, buckets };
  }
}
