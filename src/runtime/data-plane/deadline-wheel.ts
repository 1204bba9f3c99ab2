/** What is told when its deadline has passed. */
export interface Timed {
  onDeadline(): void;
}

/** So long is a tick; a deadline is told up to two ticks late and never early. */
const tickMs = 5;
const slots = 1024;

/**
 * Every deadline of a process on one timer. To add and to remove one is a few writes, whatever their number; while
 * there are none, nothing ticks.
 */
export class DeadlineWheel {
  readonly #now: () => number;
  readonly #slots = Array.from({ length: slots }, () => new Set<Deadline>());
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #size = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Tells `timed` in so many milliseconds, unless it is removed before. */
  add(timed: Timed, ms: number): Deadline {
    const at = this.#now() + ms;
    if (this.#size++ === 0) this.#start();
    const deadline = new Deadline(timed, at, Math.floor(at / tickMs) + 1);
    this.#slot(deadline.tick).add(deadline);
    return deadline;
  }

  /** Takes a deadline away. Safe to call when it has been told. */
  remove(deadline: Deadline): void {
    if (this.#slot(deadline.tick).delete(deadline) && --this.#size === 0) this.#stop();
  }

  /** Tells what has passed. Called by the wheel's own timer. */
  turn(): void {
    const now = Math.floor(this.#now() / tickMs);
    // After a long pause every slot is due once, not once for each turn that was missed.
    const first = Math.max(this.#tick + 1, now - slots + 1);
    for (let tick = first; tick <= now; tick++) {
      for (const deadline of this.#slot(tick)) {
        if (deadline.tick > now) continue;
        this.remove(deadline);
        deadline.timed.onDeadline();
      }
    }
    this.#tick = now;
  }

  #slot(tick: number): Set<Deadline> {
    const slot = this.#slots[tick % slots];
    if (slot === undefined) throw new RangeError(`no slot for tick ${tick}`);
    return slot;
  }

  #start(): void {
    this.#tick = Math.floor(this.#now() / tickMs);
    this.#timer = setInterval(() => this.turn(), tickMs);
    this.#timer.unref();
  }

  #stop(): void {
    clearInterval(this.#timer);
  }
}

/** One entry of the wheel. */
export class Deadline {
  readonly timed: Timed;
  readonly at: number;
  readonly tick: number;

  constructor(timed: Timed, at: number, tick: number) {
    this.timed = timed;
    this.at = at;
    this.tick = tick;
  }
}
