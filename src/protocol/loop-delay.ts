/** How late an event loop came to its timers since the process started. */
export interface LoopDelays {
  /** Cumulative counts by {@link loopDelayBucketsMs}, Prometheus style, without +Inf. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sumMs: number;
  /** Turns in which the process itself computed for over 50 ms; one that had no processor counts as late, and not here. */
  readonly longTurns: number;
}

/** Upper bounds of the histogram, in milliseconds. */
export const loopDelayBucketsMs = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** The most that one turn may take: whoever else is served by the loop waits so long. */
const longTurnMs = 50;
const tickMs = 20;

/** Measures the event loop that it is made on, by a timer that comes 50 times a second; it keeps no process alive. */
export class LoopDelay {
  readonly #counts = loopDelayBucketsMs.map(() => 0);
  readonly #timer: NodeJS.Timeout;
  #count = 0;
  #sumMs = 0;
  #longTurns = 0;
  #last = performance.now();
  #cpuMs = cpuMs();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** What was measured so far. */
  delays(): LoopDelays {
    let below = 0;
    const buckets = this.#counts.map((count) => (below += count));
    return { buckets, count: this.#count, sumMs: this.#sumMs, longTurns: this.#longTurns };
  }

  /** Measures no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#last - tickMs);
    const cpu = cpuMs();
    // Nobody else's doing: a process that waits for a processor has used none.
    if (lateMs > longTurnMs && cpu - this.#cpuMs > longTurnMs) this.#longTurns++;
    this.#last = now;
    this.#cpuMs = cpu;
    this.#count++;
    this.#sumMs += lateMs;
    const bucket = loopDelayBucketsMs.findIndex((ms) => lateMs <= ms);
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }
}

/** Adds up what several processes measured. */
export function sumDelays(all: readonly LoopDelays[]): LoopDelays {
  const sum = (of: (delays: LoopDelays) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    buckets: loopDelayBucketsMs.map((_, bucket) => sum(({ buckets }) => buckets[bucket] ?? 0)),
    count: sum(({ count }) => count),
    sumMs: sum(({ sumMs }) => sumMs),
    longTurns: sum(({ longTurns }) => longTurns),
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
