/** Keys that one turn frees: some milliseconds of work (17 µs each on a busy machine), between which calls are answered. */
const keysOfTurn = 250;

/**
 * Sweeps now and again, in turns that free so many keys at most, so that a million that end at once hold up no call.
 * `sweep` tells whether there may be more.
 */
export function sweepEvery(intervalMs: number, sweep: (most: number) => boolean): { stop(): void } {
  let next: NodeJS.Immediate | undefined;
  const turn = (): void => {
    next = sweep(keysOfTurn) ? setImmediate(turn) : undefined;
  };
  const begin = (): void => {
    if (next === undefined) turn();
  };
  const timer = setInterval(begin, intervalMs).unref();
  return {
    stop: () => {
      clearInterval(timer);
      clearImmediate(next);
    },
  };
}
