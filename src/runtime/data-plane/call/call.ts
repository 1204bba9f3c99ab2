import { Code, type ExecuteResponseReader, PrismError } from "../../../protocol/index.js";
import {
  type ClientConnection,
  type ClientStream,
  type ClosedBy,
  ErrorCode,
  Gathered,
  type HeaderList,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import * as failures from "./call-failures.js";
import type { CallMetrics, CallCount } from "../common/call-metrics.js";
import type { CallPlan } from "../plan/plan.js";
import type { ClientShare, SharingCall } from "../common/client-share.js";
import type { Deadline, DeadlineWheel, Timed } from "../common/deadline-wheel.js";
import { Flow } from "./flow.js";
import type { Leased, Outcome } from "../route/instance.js";
import type { MemoryBudget } from "../common/memory-budget.js";
import type { Method } from "../route/method.js";
import { failureAnswer, failureTrailers } from "../common/refusal.js";
import { type Ending, readHead, readTrailers, withoutSecrets } from "./reply-headers.js";
import type { Waiting } from "../route/upstream.js";

/** What all calls of a process share. */
export interface CallSurroundings {
  readonly deadlines: DeadlineWheel;
  readonly metrics: CallMetrics;
  readonly reader: ExecuteResponseReader;
  /** Of the client's connection. */
  readonly share: ClientShare;
  /** Size of a unary message; 0 = unlimited. */
  readonly messageBytes: number;
  /** What compressed messages may hold while they are inflated. */
  readonly inflating: MemoryBudget;
  /** How long one of them may take to come. */
  readonly inflatingMs: number;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
}

const nothing = Buffer.alloc(0);

/**
 * One call between a client's stream and the plugin's. As it stands it tunnels: bytes pass as they are, each side is
 * credited as the other drains, and however the call ends, it ends once. What changes the bytes overrides `fromClient`
 * and `fromPlugin`.
 */
export class Call<M extends Method = Method> implements StreamListener, Waiting, SharingCall, Leased, Timed {
  place = -1;
  protected readonly client: Stream;
  protected readonly plan: CallPlan<M>;
  protected readonly surroundings: CallSurroundings;
  protected plugin: ClientStream | undefined;
  /** Whether the client has been sent the head of the answer. */
  protected answered = false;
  #ended = false;
  #clientEnded = false;
  #pluginEnded = false;
  /** It is with the plugin, which has not begun to answer. */
  #isUnanswered = false;
  readonly #toPlugin = new Flow();
  readonly #toClient = new Flow();
  readonly #startedAt: number;
  #deadline: Deadline | undefined;
  /** What came before there was a stream to the plugin, and whether it is all. */
  #held: Gathered | undefined;
  #heldEnds = false;

  constructor(client: Stream, plan: CallPlan<M>, surroundings: CallSurroundings) {
    this.client = client;
    this.plan = plan;
    this.surroundings = surroundings;
    this.#startedAt = surroundings.now();
  }

  /** Takes the lease and opens the stream to the plugin, or waits for its share, or a connection. Called once. */
  begin(): void {
    const { instance, timeoutMs } = this.plan;
    instance.lease(this);
    if (timeoutMs !== undefined) this.#deadline = this.surroundings.deadlines.add(this, timeoutMs);
    const { share } = this.surroundings;
    if (!share.hasRoom) return share.wait(this);
    share.asked();
    this.#isUnanswered = true;
    const connection = instance.upstream.ready();
    if (connection) this.#open(connection, timeoutMs);
    else this.#guard(() => instance.upstream.wait(this));
  }

  admitted(): void {
    const { upstream } = this.plan.instance;
    this.surroundings.share.asked();
    this.#isUnanswered = true;
    const connection = upstream.ready();
    if (connection) this.proceed(connection);
    else this.#guard(() => upstream.wait(this));
  }

  proceed(connection: ClientConnection): void {
    this.#open(connection, this.#deadline && Math.max(0, this.#deadline.at - this.surroundings.now()));
    if (this.#held === undefined) return;
    const bytes = this.#release();
    if (!this.#ended) this.fromClient(bytes, 0, bytes.length, this.#heldEnds);
    this.#creditClient();
  }

  fail(error: PrismError): void {
    this.finishWith(error, "failed");
  }

  cut(): void {
    this.finishWith(failures.cutByDrain(this.plan), "cut");
  }

  onDeadline(): void {
    this.finishWith(failures.deadlineExceeded(this.plan), "failed");
  }

  onHeaders(stream: Stream, headers: HeaderList, endStream: boolean): void {
    if (this.#ended) return;
    if (stream === this.client) return this.onData(stream, nothing, 0, true);
    this.plan.instance.hear();
    if (endStream) this.#pluginEnds(headers);
    else this.#pluginBegins(headers);
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.onDataRange(stream, bytes, 0, bytes.length, windowBytes, endStream);
  }

  onDataRange(
    stream: Stream,
    bytes: Buffer,
    start: number,
    end: number,
    windowBytes: number,
    endStream: boolean,
  ): void {
    if (endStream && stream === this.client) this.#clientEnded = true;
    if (this.#ended) stream.credit(windowBytes);
    else if (stream !== this.client) this.#pluginSends(bytes, start, end, windowBytes, endStream);
    else if (this.plugin === undefined) this.#hold(bytes.subarray(start, end), windowBytes, endStream);
    else {
      this.#toPlugin.owed += windowBytes;
      this.fromClient(bytes, start, end, endStream);
      this.#creditClient();
    }
  }

  onDrain(stream: Stream, bytes: number): void {
    if (stream === this.client) this.#clientTakes(bytes);
    if (this.#ended) this.#leaveClient();
    else if (stream === this.client) this.#creditPlugin();
    else {
      this.#toPlugin.waiting -= bytes;
      this.#creditClient();
    }
  }

  onClose(stream: Stream, code: number, by: ClosedBy): void {
    if (stream === this.client) this.#clientTakes(this.#toClient.waiting);
    if (this.#ended) return;
    if (stream === this.client) this.#leftByClient(code, by);
    else this.finishWith(failures.pluginLeft(this.plan, code, by), "failed");
  }

  /** Its stream ended before the answer did: it left, or more waits for it than is held. */
  #leftByClient(code: number, by: ClosedBy): void {
    const isRefused = by === "local" && code === ErrorCode.ENHANCE_YOUR_CALM;
    this.#end(isRefused ? Code.RESOURCE_EXHAUSTED : Code.CANCELLED, isRefused ? "failed" : "completed");
  }

  /** The client's bytes, from `start` to `end`, or the end of them. */
  protected fromClient(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.plugin)
      this.#toPlugin.waiting += end - start - this.plugin.sendRange(bytes, start, end, endStream);
  }

  /** The plugin's response headers. */
  protected replyBegins(headers: HeaderList): void {
    this.toClientHead(headers);
  }

  /** The plugin's bytes, from `start` to `end`. */
  protected fromPlugin(bytes: Buffer, start: number, end: number): void {
    if (this.answered) this.toClient(bytes, start, end);
    else this.finishWith(failures.pluginFault(this.plan, "sent a message before its headers"), "failed");
  }

  /** The plugin's call ended in order: its trailers, or its whole answer where it sent no head. */
  protected replyEnds(trailers: HeaderList, { code, operationCode }: Ending): void {
    const told = code === Code.OK ? trailers : withoutSecrets(trailers, this.plan.instance.secrets);
    this.finish(told, operationCode === Code.OK ? code : operationCode);
  }

  /** Where the call is counted. */
  protected get metrics(): CallCount {
    return this.plan.metrics;
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  /** So many of the client's bytes, or fewer where negative, wait before they go to the plugin: they are not credited. */
  protected delay(bytes: number): void {
    this.#toPlugin.waiting += bytes;
    if (bytes < 0) this.#creditClient();
  }

  /** Lets go of what the call holds beside its streams. Called once, at its end. */
  protected letGo(): void {
    // A tunnelled call holds nothing.
  }

  protected toPlugin(bytes: Uint8Array, endStream: boolean): void {
    if (this.plugin) this.#toPlugin.waiting += bytes.length - this.plugin.sendData(bytes, endStream);
  }

  protected toClientHead(headers: HeaderList): void {
    this.answered = true;
    this.client.sendHeaders(headers, false);
  }

  protected toClient(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const waits = end - start - this.client.sendRange(bytes, start, end, false);
    if (waits === 0) return;
    this.#toClient.waiting += waits;
    this.surroundings.share.count(waits);
  }

  /** Ends the call with the plugin's answer. */
  protected finish(trailers: HeaderList, code: Code): void {
    this.#end(code, "completed");
    this.client.sendHeaders(trailers, true);
    this.#leaveClient();
  }

  /** Ends the call with a failure: the client is told, and the plugin is told to stop. */
  protected finishWith(error: PrismError, outcome: Outcome): void {
    if (this.#ended) return;
    this.#end(error.code, outcome);
    this.client.sendHeaders(this.answered ? failureTrailers(error) : failureAnswer(error), true);
    this.#leaveClient();
  }

  #open(connection: ClientConnection, timeoutMs: number | undefined): void {
    this.plugin = connection.open(this.plan.headers.within(timeoutMs), false, this);
  }

  /** Every end of a call comes here, once, before the client is told: its stream may close within that. */
  #end(code: Code, outcome: Outcome): void {
    this.#ended = true;
    const { instance } = this.plan;
    instance.release(this, outcome);
    this.metrics.count(code, this.surroundings.now() - this.#startedAt);
    if (this.#deadline) this.surroundings.deadlines.remove(this.#deadline);
    if (this.#isUnanswered) this.#isAnswered();
    if (this.plugin) this.#leavePlugin(this.plugin);
    else {
      instance.upstream.forget(this);
      this.surroundings.share.forget(this);
    }
    if (this.#held) this.#release();
    this.letGo();
    // Nobody waits for these bytes any more.
    this.client.credit(this.#toPlugin.settle());
  }

  /** A plugin that has not had its say, or has not heard all of the client's, is told to stop. */
  #leavePlugin(plugin: Stream): void {
    const inOrder = this.#pluginEnded && plugin.sendClosed && plugin.queuedBytes === 0;
    if (!inOrder) plugin.reset(ErrorCode.CANCEL);
  }

  #pluginBegins(headers: HeaderList): void {
    this.#isAnswered();
    const problem = readHead(headers);
    if (problem) this.finishWith(problem, "failed");
    else this.replyBegins(headers);
  }

  #pluginSends(bytes: Buffer, start: number, end: number, windowBytes: number, endStream: boolean): void {
    this.plan.instance.hear();
    this.#toClient.owed += windowBytes;
    this.#pluginEnded = endStream;
    this.fromPlugin(bytes, start, end);
    this.#creditPlugin();
    if (endStream && !this.#ended) this.finishWith(failures.noTrailers(this.plan), "failed");
  }

  #pluginEnds(headers: HeaderList): void {
    this.#pluginEnded = true;
    const ending = readTrailers(headers);
    if (ending === undefined) this.finishWith(failures.noTrailers(this.plan), "failed");
    else this.replyEnds(headers, ending);
  }

  #isAnswered(): void {
    if (!this.#isUnanswered) return;
    this.#isUnanswered = false;
    this.surroundings.share.answered();
  }

  /** So many bytes wait no more for the client. */
  #clientTakes(bytes: number): void {
    // What a page is sent around the messages is drained too, and was never counted.
    const taken = Math.min(bytes, this.#toClient.waiting);
    if (taken === 0) return;
    this.#toClient.waiting -= taken;
    this.surroundings.share.count(-taken);
  }

  #creditClient(): void {
    if (this.#ended) return;
    const bytes = this.#toPlugin.free();
    if (bytes > 0) this.client.credit(bytes);
  }

  #creditPlugin(): void {
    if (this.#ended) return;
    const bytes = this.#toClient.free();
    if (bytes > 0) this.plugin?.credit(bytes);
  }

  /** A client that has been answered and has not said all is told to stop, once its answer is out. */
  #leaveClient(): void {
    if (!this.#clientEnded && this.client.queuedBytes === 0) this.client.reset(ErrorCode.NO_ERROR);
  }

  /** Keeps what comes before the plugin's stream is open. It is not credited, so a window bounds it. */
  #hold(bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.#toPlugin.owed += windowBytes;
    this.#guard(() => {
      this.plan.instance.upstream.hold(bytes.length);
      (this.#held ??= new Gathered()).push(bytes);
      this.#heldEnds = endStream;
    });
  }

  /** Lets go of what was kept, and gives it. */
  #release(): Buffer {
    const bytes = this.#held?.take() ?? nothing;
    this.plan.instance.upstream.hold(-bytes.length);
    this.#held = undefined;
    return bytes;
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (reason) {
      this.finishWith(PrismError.from(reason), "failed");
    }
  }
}
