import { Code, PrismError } from "../../../protocol/index.js";
import {
  ErrorCode,
  frameMessage,
  HeaderList,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import { truncated } from "../common/message-failures.js";
import type { Deadline, DeadlineWheel, Timed } from "../common/deadline-wheel.js";
import { answerHead, failureAnswer, failureTrailers, okTrailers } from "../common/refusal.js";
import type { LocalPlan } from "../plan/plan.js";
import type { Answers, Conversation } from "./conversation.js";
import { converse } from "./conversations.js";
import type { LocalServices, Running } from "./local-services.js";
import { RequestMessages } from "./request-messages.js";

/** What a call that Prism answers itself is made of. */
export type LocalCallPlan = Pick<LocalPlan, "method" | "namespace" | "encoding" | "timeoutMs" | "metrics">;

/** What such calls share. */
export interface LocalSurroundings {
  readonly local: LocalServices;
  readonly deadlines: DeadlineWheel;
  readonly now: () => number;
}

const nothing = Buffer.alloc(0);
const emptyAnswer = new HeaderList([...answerHead.fields, ...okTrailers.fields]);

/**
 * A call that Prism answers itself. A client that does not read its answers is not listened to: its next message is
 * taken, and its window credited, when the last answer is out. However the call ends, it ends once.
 */
export class LocalCall implements StreamListener, Timed, Answers, Running {
  readonly #client: Stream;
  readonly #plan: LocalCallPlan;
  readonly #surroundings: LocalSurroundings;
  readonly #messages: RequestMessages;
  readonly #conversation: Conversation;
  readonly #startedAt: number;
  #deadline: Deadline | undefined;
  #owed = 0;
  #answered = false;
  #clientEnded = false;
  #heardEnd = false;
  #ended = false;

  constructor(client: Stream, plan: LocalCallPlan, surroundings: LocalSurroundings) {
    const { method, namespace, encoding } = plan;
    this.#client = client;
    this.#plan = plan;
    this.#surroundings = surroundings;
    this.#messages = new RequestMessages(encoding, surroundings.local.limits.localMessageBytes);
    this.#conversation = converse(method, this, { namespace, services: surroundings.local });
    this.#startedAt = surroundings.now();
  }

  /** Takes its place among the calls that run. Called once. */
  begin(): void {
    const { timeoutMs } = this.#plan;
    this.#guard(() => this.#surroundings.local.enter(this));
    if (timeoutMs !== undefined && !this.#ended)
      this.#deadline = this.#surroundings.deadlines.add(this, timeoutMs);
  }

  get isFull(): boolean {
    return this.#client.queuedBytes > 0;
  }

  send(message: Uint8Array): void {
    if (this.#ended) return;
    if (!this.#answered) this.#client.sendHeaders(answerHead, false);
    this.#answered = true;
    this.#client.sendData(frameMessage(message), false);
  }

  end(error?: PrismError): void {
    if (this.#ended) return;
    this.#close(error?.code ?? Code.OK);
    if (error) this.#client.sendHeaders(this.#answered ? failureTrailers(error) : failureAnswer(error), true);
    else this.#client.sendHeaders(this.#answered ? okTrailers : emptyAnswer, true);
    this.#leave();
  }

  shutdown(): void {
    this.#guard(() => this.#conversation.onShutdown());
    this.end(new PrismError("shuttingDown", "Prism is being stopped: call again elsewhere, or in a moment"));
  }

  onDeadline(): void {
    const { timeoutMs = 0 } = this.#plan;
    const message = `the call took longer than its deadline of ${Math.round(timeoutMs)} ms`;
    this.end(new PrismError("deadlineExceeded", message));
  }

  onHeaders(stream: Stream): void {
    this.onData(stream, nothing, 0, true);
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.#clientEnded ||= endStream;
    if (this.#ended) return stream.credit(windowBytes);
    this.#owed += windowBytes;
    this.#messages.push(bytes);
    this.#guard(() => this.#converse());
  }

  onDrain(): void {
    if (this.#ended) return this.#leave();
    this.#guard(() => {
      if (this.isFull) return;
      this.#conversation.onRead();
      this.#converse();
    });
  }

  onClose(): void {
    if (!this.#ended) this.#close(Code.CANCELLED);
  }

  /** Goes on with what the client has said, as long as it reads the answers. */
  #converse(): void {
    while (!this.#ended && !this.isFull) {
      const message = this.#messages.next();
      if (!message) return this.#allHeard();
      this.#conversation.onMessage(message);
    }
  }

  #allHeard(): void {
    this.#client.credit(this.#owed);
    this.#owed = 0;
    if (!this.#clientEnded || this.#heardEnd) return;
    this.#heardEnd = true;
    if (!this.#messages.isEmpty) throw truncated();
    this.#conversation.onEnd();
  }

  #close(code: Code): void {
    this.#ended = true;
    const { local, deadlines, now } = this.#surroundings;
    local.leave(this);
    this.#plan.metrics.count(code, now() - this.#startedAt);
    if (this.#deadline) deadlines.remove(this.#deadline);
    this.#client.credit(this.#owed);
    this.#conversation.onClose();
  }

  /** A client that has been answered and has not said all is told to stop, once its answer is out. */
  #leave(): void {
    if (!this.#clientEnded && this.#client.queuedBytes === 0) this.#client.reset(ErrorCode.NO_ERROR);
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (reason) {
      this.end(PrismError.from(reason));
    }
  }
}
