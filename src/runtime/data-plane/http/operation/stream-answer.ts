import type { Deadline, DeadlineWheel } from "../../common/deadline-wheel.js";
import type { Exchange } from "../exchange.js";
import { firstLineMs } from "../http-limits.js";
import { eventsType } from "./media-types.js";

const nothing = Buffer.alloc(0);

/** The answer to a streaming operation: a JSON text for each message, as lines or as events. */
export class StreamAnswer {
  readonly #exchange: Exchange;
  readonly #type: string;
  readonly #deadlines: DeadlineWheel;
  #deadline: Deadline | undefined;

  constructor(exchange: Exchange, type: string, deadlines: DeadlineWheel) {
    this.#exchange = exchange;
    this.#type = type;
    this.#deadlines = deadlines;
  }

  /** Sends the head soon, where nothing else does: until then a failure is told by its status. */
  beginSoon(): void {
    const onDeadline = (): void => {
      this.#begin();
      void this.#exchange.write(nothing);
    };
    this.#deadline = this.#deadlines.add({ onDeadline }, firstLineMs);
  }

  /** Sends no head by itself any more. */
  leave(): void {
    if (this.#deadline) this.#deadlines.remove(this.#deadline);
  }

  /** Sends one text of JSON; resolves when there is room for more. */
  async write(text: string): Promise<void> {
    this.#begin();
    const isEvent = this.#type === eventsType;
    await this.#exchange.write(Buffer.from(isEvent ? `data: ${text}\n\n` : `${text}\n`));
  }

  /** The answer is complete. */
  end(): void {
    this.#begin();
    this.#exchange.end();
  }

  #begin(): void {
    if (this.#exchange.begun) return;
    this.leave();
    // What comes as it happens is of no use to a cache, nor to a proxy that gathers it first.
    const fields = { "content-type": this.#type, "cache-control": "no-store", "x-accel-buffering": "no" };
    this.#exchange.begin(200, fields);
  }
}
