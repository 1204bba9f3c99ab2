import type { Socket } from "node:net";

/** One connection of the operators' port. It rests while nothing is worked on for it. */
export class Guest {
  readonly socket: Socket;
  /** Bytes of answers that it has not taken. */
  heldBytes = 0;
  /** Whether it has ever asked for something. */
  hasAsked = false;
  /** Called when the connection is gone. */
  onGone: (() => void) | undefined;
  readonly #onRest: (guest: Guest, rests: boolean) => void;
  #work = 0;

  constructor(socket: Socket, onRest: (guest: Guest, rests: boolean) => void) {
    this.socket = socket;
    this.#onRest = onRest;
  }

  /** Whether nobody is there any more. */
  isGone(): boolean {
    return this.socket.destroyed;
  }

  get rests(): boolean {
    return this.#work === 0;
  }

  /** Something is worked on for it. */
  begin(): void {
    this.hasAsked = true;
    if (this.#work++ === 0) this.#onRest(this, false);
  }

  /** That is done. */
  end(): void {
    if (--this.#work === 0) this.#onRest(this, true);
  }
}

/**
 * The connections of a port: so many at most, and one more costs the one that has rested longest its place, at first of
 * those that never asked. So whoever opens many, and says nothing, keeps nobody else out.
 */
export class Guests {
  readonly #most: number;
  readonly #all = new Set<Guest>();
  /** In the order that they came to rest. */
  readonly #silent = new Set<Guest>();
  readonly #resting = new Set<Guest>();

  constructor(most: number) {
    this.#most = most;
  }

  get all(): Iterable<Guest> {
    return this.#all;
  }

  /** Lets a connection in; undefined where all are being worked for. Tells who lost its place. */
  admit(socket: Socket): { guest: Guest | undefined; displaced: Guest | undefined } {
    const displaced = this.#all.size < this.#most ? undefined : (first(this.#silent) ?? first(this.#resting));
    if (displaced) this.#leave(displaced);
    else if (this.#all.size >= this.#most) return { guest: undefined, displaced };
    const guest = new Guest(socket, (each, rests) => this.#onRest(each, rests));
    this.#all.add(guest);
    this.#silent.add(guest);
    socket.once("close", () => this.#leave(guest));
    return { guest, displaced };
  }

  /** Who has rested longest of those that hold bytes; undefined where nobody does. It has lost its place. */
  displaceHolder(): Guest | undefined {
    for (const guest of this.#resting) {
      if (guest.heldBytes === 0) continue;
      this.#leave(guest);
      return guest;
    }
    return undefined;
  }

  #onRest(guest: Guest, rests: boolean): void {
    this.#silent.delete(guest);
    if (rests && this.#all.has(guest)) this.#resting.add(guest);
    else this.#resting.delete(guest);
  }

  #leave(guest: Guest): void {
    this.#all.delete(guest);
    this.#silent.delete(guest);
    this.#resting.delete(guest);
    guest.socket.destroy();
    guest.onGone?.();
  }
}

function first(guests: ReadonlySet<Guest>): Guest | undefined {
  const [guest] = guests;
  return guest;
}
