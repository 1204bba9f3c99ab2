/** Time, as the supervisor sees it; a test moves it by hand. */
export interface Clock {
  /** Milliseconds that only ever rise. */
  now(): number;
  /** Runs something once, so many milliseconds from now; what it gives back cancels that. */
  after(ms: number, run: () => void): () => void;
}

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
