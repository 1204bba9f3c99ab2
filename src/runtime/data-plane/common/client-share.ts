import type { WireLimits } from "../../model/proxy-messages.js";

/** A call that waits for its connection's share. */
export interface SharingCall {
  /** There is room: go to the plugin now. */
  admitted(): void;
}

/** For so long a call is taken to be of those whose answer is just being made; then it is only slow. */
const freshMs = 100;

/**
 * What one client's connection may have of the plugins: who does not read what it is answered has no more made for it. Its
 * further calls wait here, in the order in which they came and unread, so that they cost the plugins nothing.
 */
export class ClientShare {
  readonly #mostUnread: number;
  readonly #mostUnanswered: number;
  readonly #waiting = new Set<SharingCall>();
  #unread = 0;
  #unanswered = 0;
  /** How many may be unanswered now: more than the limit, once those before have had their time. */
  #allowed: number;
  #isServing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ unreadBytes, unansweredCalls }: Pick<WireLimits, "unreadBytes" | "unansweredCalls">) {
    this.#mostUnread = unreadBytes;
    this.#mostUnanswered = this.#allowed = unansweredCalls;
  }

  /** Whether a call may go to its plugin at once. */
  get hasRoom(): boolean {
    return this.#waiting.size === 0 && this.#isOpen;
  }

  /** A call goes to its plugin. Whoever calls this calls {@link answered} once. */
  asked(): void {
    this.#unanswered++;
  }

  /** Its answer has begun, or it has ended without. */
  answered(): void {
    this.#unanswered--;
    const allowed = this.#unanswered + this.#mostUnanswered;
    if (allowed < this.#allowed)
      this.#allowed = allowed < this.#mostUnanswered ? this.#mostUnanswered : allowed;
    if (this.#waiting.size > 0) this.#serve();
  }

  /** So many bytes of answers wait for the client, or fewer where negative. */
  count(bytes: number): void {
    this.#unread += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.#serve();
  }

  /** The call waits until there is room, unless it is forgotten before. */
  wait(call: SharingCall): void {
    this.#waiting.add(call);
    this.#timer ??= setInterval(() => this.#allowMore(), freshMs).unref();
  }

  /** The call waits no more. Ignored where it did not. */
  forget(call: SharingCall): void {
    this.#waiting.delete(call);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get #isOpen(): boolean {
    return this.#unanswered < this.#allowed && this.#unread < this.#mostUnread;
  }

  /** Who waits for something that is slow to come must not keep others from asking: an answer may hang on their calls. */
  #allowMore(): void {
    this.#allowed = this.#unanswered + this.#mostUnanswered;
    this.#serve();
  }

  /** In a turn of its own: this is called while frames are written. */
  #serve(): void {
    if (this.#isServing || !this.#isOpen) return;
    this.#isServing = true;
    setImmediate(() => {
      this.#isServing = false;
      for (const call of this.#waiting) {
        if (!this.#isOpen) return;
        this.forget(call);
        call.admitted();
      }
    });
  }
}
