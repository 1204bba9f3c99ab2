/** What is known of a key: its values are numbers that only rise. */
interface Known {
  /** The last write that was acknowledged. */
  acknowledged: number;
  /** The last write that was tried; it may have been done though it failed. */
  tried: number;
}

/** An acknowledged write that is not there, or a value that nobody wrote. */
export interface Loss {
  readonly key: string;
  readonly found: number | undefined;
  readonly acknowledged: number;
  readonly tried: number;
}

/** Remembers what was written, so that a read can tell whether an acknowledged write was lost. */
export class Writes {
  readonly #keys = new Map<string, Known>();
  readonly losses: Loss[] = [];
  acknowledgedCount = 0;

  get keys(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** The value to write next. */
  next(key: string): number {
    const known = this.#keys.get(key) ?? { acknowledged: 0, tried: 0 };
    this.#keys.set(key, known);
    return ++known.tried;
  }

  acknowledge(key: string, value: number): void {
    const known = this.#keys.get(key);
    if (known) known.acknowledged = Math.max(known.acknowledged, value);
    this.acknowledgedCount++;
  }

  /** What must be there at least, as of now. */
  floor(key: string): number {
    return this.#keys.get(key)?.acknowledged ?? 0;
  }

  /** Holds a value that was read against what was acknowledged before the read began. */
  check(key: string, found: number | undefined, floor: number): void {
    const tried = this.#keys.get(key)?.tried ?? 0;
    if ((found ?? 0) >= floor && (found ?? 0) <= tried) return;
    this.losses.push({ key, found, acknowledged: floor, tried });
  }
}
