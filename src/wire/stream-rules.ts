import { ClosedStreams } from "./closed-streams.js";
import { ConnectionError, overLimit, protocolError } from "./connection-error.js";
import { ErrorCode } from "./error-code.js";
import type { H2Stream } from "./h2-stream.js";
import type { Limits } from "./limits.js";
import type { Outbound } from "./outbound.js";
import { type Refusal, refusalOf } from "./refusal.js";
import type { Role } from "./role.js";
import { after, isState, type StreamEvent, StreamState, Verdict } from "./stream-state.js";
import { TokenBucket } from "./token-bucket.js";

/** A connection, as the rules see it. */
export interface Ruled {
  readonly role: Pick<Role, "side">;
  readonly outbound: Pick<Outbound, "reset">;
  /** The highest id that has been opened. */
  readonly lastStream: number;
  readonly goingAway: boolean;
  /** The peer's SETTINGS have come, and ours are acknowledged. */
  readonly isSettled: boolean;
  /** Tells that the peer is refused something. */
  refused(refusal: Refusal, message: string): void;
}

/** What the peer may do to the streams of a connection, and what becomes of what it may not. Resets are counted. */
export class StreamRules {
  readonly #connection: Ruled;
  readonly #closedStreams = new ClosedStreams();
  readonly #resets: TokenBucket;
  readonly #earlyAnswers: TokenBucket;
  #isOverEarly = false;

  constructor(connection: Ruled, { resetBurst, resetsPerSecond, earlyAnswersPerSecond }: Limits) {
    this.#connection = connection;
    this.#resets = new TokenBucket(resetBurst, resetsPerSecond);
    this.#earlyAnswers = new TokenBucket(earlyAnswersPerSecond, earlyAnswersPerSecond);
  }

  /**
   * A call was answered before it was whole, and its stream reset. Who does nothing but begin calls that are refused gets
   * work done for a handful of bytes; the next call of a peer that has done so too often ends the connection.
   */
  answeredEarly(): void {
    if (!this.#earlyAnswers.take()) this.#isOverEarly = true;
  }

  /** The rest of a call has come that was answered before: an ordinary client had sent it on its way. */
  cameWhole(): void {
    this.#earlyAnswers.earn(1);
  }

  /** Whether one more call may begin; throws where it ends the connection. */
  mayBegin(): void {
    if (this.#isOverEarly)
      throw overLimit("early_answers_per_second", "too many calls that were refused and never sent");
  }

  /**
   * Whether a frame may be taken that has come for a stream, which is undefined where it is not live. False where the
   * frame is passed over, or has been answered with RST_STREAM; throws where it ends the connection.
   */
  takes(event: StreamEvent, id: number, stream: H2Stream | undefined): boolean {
    const next = after(stream === undefined ? this.#stateOf(id) : stream.state, event);
    if (isState(next)) return true;
    if (next === Verdict.protocolError) throw protocolError("a frame on an idle stream");
    if (next === Verdict.streamClosed)
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "a frame on a stream that has ended");
    if (next === Verdict.resetStream && stream !== undefined) this.fault(stream, ErrorCode.STREAM_CLOSED);
    return false;
  }

  /** Whether DATA may come: in the client role the response's headers come first. */
  mayHaveBody(stream: H2Stream): boolean {
    return this.#connection.role.side === "server" || stream.headersSeen;
  }

  /** Ends a stream for a fault of the peer. Such resets are counted (CVE-2025-8671) where the peer may open as many as it likes. */
  fault(stream: H2Stream, code: number, message = "a stream was reset for the peer's fault"): void {
    this.#countReset();
    this.#connection.refused(refusalOf(code), message);
    stream.reset(code);
  }

  /** Refuses a stream that has not been made. That there is no room is not counted against a peer that could not know. */
  refuse(id: number, code: number): void {
    const isKnown = !this.#connection.goingAway && this.#connection.isSettled;
    if (isKnown || code !== ErrorCode.REFUSED_STREAM) this.#countReset();
    this.#closedStreams.add(id);
    this.#connection.outbound.reset(id, code, true);
  }

  /** The peer has reset a stream. */
  onPeerReset(stream: H2Stream, code: number): void {
    const { side } = this.#connection.role;
    const isAnswered = side === "client" && stream.state === StreamState.halfClosedRemote;
    if (isAnswered && code === ErrorCode.NO_ERROR) {
      stream.close(ErrorCode.NO_ERROR, "end");
      return;
    }
    stream.close(code, "peer");
    this.#countReset();
  }

  /** A stream has closed: what the peer sent before it knew is passed over, and one that came to its end earns a reset. */
  onClosed({ id, state, closedBy }: H2Stream): void {
    if (state === StreamState.abandoned) this.#closedStreams.add(id);
    if (closedBy !== "end") return;
    // An answer that came early has earned nothing.
    if (state === StreamState.closed) this.#resets.earn(1);
  }

  /** The state of a stream that is not live: not yet, or no more. */
  #stateOf(id: number): StreamState {
    const { role, lastStream } = this.#connection;
    if (id % 2 === 0) return StreamState.barred;
    if (id > lastStream) return role.side === "server" ? StreamState.idle : StreamState.barred;
    // A server that goes on with what has ended does no harm: the windows bound it.
    return role.side === "client" || this.#closedStreams.has(id) ? StreamState.abandoned : StreamState.closed;
  }

  /**
   * Only against a peer that opens streams. Those of a client's connection are as many as we open, and on behalf of others:
   * what one of them brings about must not end the connection for all.
   */
  #countReset(): void {
    if (this.#connection.role.side === "client" || this.#resets.take()) return;
    throw overLimit("resets_per_second", "too many streams were reset");
  }
}
