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
  /** The deadlines of each slot, a list through the deadlines themselves. */
  readonly #slots = new Array<Deadline | undefined>(slots).fill(undefined);
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
    const tick = Math.floor(at / tickMs) + 1;
    const first = this.#slots[tick % slots];
    const deadline = new Deadline(timed, at, { tick, next: first });
    if (first !== undefined) first.previous = deadline;
    this.#slots[tick % slots] = deadline;
    return deadline;
  }

  /** Takes a deadline away. Safe to call when it has been told. */
  remove(deadline: Deadline): void {
    if (deadline.isRemoved) return;
    const { previous, next } = deadline;
    if (previous === undefined) this.#slots[deadline.tick % slots] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    // One that has ended must not keep its neighbours alive.
    deadline.previous = deadline.next = undefined;
    deadline.isRemoved = true;
    if (--this.#size === 0) this.#stop();
  }

  /** Tells what has passed. Called by the wheel's own timer. */
  turn(): void {
    const now = Math.floor(this.#now() / tickMs);
    // After a long pause every slot is due once, not once for each turn that was missed.
    const first = Math.max(this.#tick + 1, now - slots + 1);
    for (let tick = first; tick <= now; tick++) {
      for (const deadline of this.#due(tick, now)) {
        if (deadline.isRemoved) continue;
        this.remove(deadline);
        deadline.timed.onDeadline();
      }
    }
    this.#tick = now;
  }

  /** What of a slot is due, which may also hold deadlines of a later turn of the wheel. */
  #due(tick: number, now: number): Deadline[] {
    const due: Deadline[] = [];
    for (let deadline = this.#slots[tick % slots]; deadline !== undefined; deadline = deadline.next) {
      if (deadline.tick <= now) due.push(deadline);
    }
    return due;
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
  isRemoved = false;
  /** Its neighbours in its slot; written by the wheel. */
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined;

  constructor(timed: Timed, at: number, { tick, next }: Pick<Deadline, "tick" | "next">) {
    this.timed = timed;
    this.at = at;
    this.tick = tick;
    this.next = next;
  }
}
