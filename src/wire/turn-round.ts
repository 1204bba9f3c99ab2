import type { H2Stream } from "./h2-stream.js";

/** The streams that have something to send, in the order of their turns. A list through the streams themselves: to join costs nothing. */
export class TurnRound {
  #first: H2Stream | undefined;
  #last: H2Stream | undefined;

  /** Joins at the end. Ignored where the stream waits for its turn already. */
  add(stream: H2Stream): void {
    if (stream.isInTurn) return;
    stream.isInTurn = true;
    stream.previousInTurn = this.#last;
    if (this.#last === undefined) this.#first = stream;
    else this.#last.nextInTurn = stream;
    this.#last = stream;
  }

  /** Gives back the stream that was just taken: it is still its turn. */
  putBack(stream: H2Stream): void {
    stream.isInTurn = true;
    stream.nextInTurn = this.#first;
    if (this.#first === undefined) this.#last = stream;
    else this.#first.previousInTurn = stream;
    this.#first = stream;
  }

  /** Takes the one whose turn it is; undefined where there is none. */
  take(): H2Stream | undefined {
    const stream = this.#first;
    if (stream !== undefined) this.remove(stream);
    return stream;
  }

  /** Leaves the round, wherever the stream stands in it. */
  remove(stream: H2Stream): void {
    if (!stream.isInTurn) return;
    const { previousInTurn: previous, nextInTurn: next } = stream;
    if (previous === undefined) this.#first = next;
    else previous.nextInTurn = next;
    if (next === undefined) this.#last = previous;
    else next.previousInTurn = previous;
    stream.previousInTurn = stream.nextInTurn = undefined;
    stream.isInTurn = false;
  }
}
