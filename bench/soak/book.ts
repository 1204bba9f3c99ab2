/** What a call of the soak is about. */
export interface Attempt {
  readonly kind: string;
  readonly namespace: string;
  readonly startedAt: number;
}

/** A time in which calls may fail UNAVAILABLE: something they need was killed, and does not serve again yet. */
export interface Outage {
  /** `undefined`: every namespace. */
  readonly namespace: string | undefined;
  readonly from: number;
  to: number;
}

/** A call that failed, and nothing that was done explains it. */
export interface Unexplained {
  readonly kind: string;
  readonly namespace: string;
  readonly atMs: number;
  readonly code: string;
  readonly message: string;
}

const keptUnexplained = 20;

/** The account of the soak's own side: every call ends once, and every failure has a reason that we made. */
export class Book {
  readonly calls: Record<string, number> = {};
  /** Calls that their callers left. */
  left = 0;
  /** Calls that failed UNAVAILABLE in an outage. */
  excused = 0;
  unexplainedCount = 0;
  /** The first of them. */
  readonly unexplained: Unexplained[] = [];
  readonly #outages: Outage[] = [];
  readonly #now: () => number;
  /** Failures whose outage may still be told: those who kill cannot be faster than those who notice. */
  readonly #failures: (Attempt & {
    readonly endedAt: number;
    readonly code: string;
    readonly message: string;
  })[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  begin(kind: string, namespace: string): Attempt {
    return { kind, namespace, startedAt: this.#now() };
  }

  succeed({ kind }: Attempt): void {
    this.calls[kind] = (this.calls[kind] ?? 0) + 1;
  }

  leave(): void {
    this.left++;
  }

  fail(attempt: Attempt, code: string, message: string): void {
    this.#failures.push({ ...attempt, endedAt: this.#now(), code, message });
  }

  /** From now on calls may fail, until the outage is ended. */
  outage(namespace: string | undefined): Outage {
    const outage = { namespace, from: this.#now(), to: Infinity };
    this.#outages.push(outage);
    return outage;
  }

  end(outage: Outage): void {
    outage.to = this.#now();
  }

  /** Holds the failures so far against the outages. */
  settle(): void {
    for (const failure of this.#failures.splice(0)) {
      if (failure.code === "UNAVAILABLE" && this.#outages.some((outage) => explains(outage, failure))) {
        this.excused++;
        continue;
      }
      this.unexplainedCount++;
      const { kind, namespace, code, message, endedAt: atMs } = failure;
      if (this.unexplained.length < keptUnexplained)
        this.unexplained.push({ kind, namespace, code, message, atMs });
    }
  }

  get total(): number {
    return Object.values(this.calls).reduce((sum, count) => sum + count, 0);
  }
}

/** Whether a call ran at some time of an outage that concerns it. */
function explains(
  { namespace, from, to }: Outage,
  failure: { readonly namespace: string; readonly startedAt: number; readonly endedAt: number },
): boolean {
  const concerns = namespace === undefined || namespace === failure.namespace;
  return concerns && failure.startedAt <= to && failure.endedAt >= from;
}
