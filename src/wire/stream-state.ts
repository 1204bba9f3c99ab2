/**
 * The states of a stream (RFC 9113, section 5.1). Two of the RFC's are split by what the peer may still do: `barred` is
 * idle, but not the peer's to open; `abandoned` is closed by our RST_STREAM, of which the peer need not know yet. Nothing
 * is ever reserved, because nobody pushes.
 */
export const StreamState = {
  idle: 0,
  barred: 1,
  open: 2,
  halfClosedLocal: 3,
  halfClosedRemote: 4,
  closed: 5,
  abandoned: 6,
} as const;

/** One of the states, as a number: every frame looks at it. */
export type StreamState = (typeof StreamState)[keyof typeof StreamState];

/** What happens to it: frames and END_STREAM that come, END_STREAM and RST_STREAM that we send. PRIORITY may come in any state. */
export const StreamEvent = {
  headers: 0,
  data: 1,
  endReceived: 2,
  resetReceived: 3,
  windowUpdate: 4,
  endSent: 5,
  resetSent: 6,
} as const;

/** One of the events. */
export type StreamEvent = (typeof StreamEvent)[keyof typeof StreamEvent];

/** Where an event leads to no state: it is passed over, resets the stream with STREAM_CLOSED, or ends the connection with an error. */
export const Verdict = { ignored: 8, resetStream: 9, protocolError: 10, streamClosed: 11 } as const;

/** One of the verdicts. */
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

const { open, halfClosedLocal, halfClosedRemote, closed, abandoned } = StreamState;
const { ignored, resetStream, protocolError, streamClosed } = Verdict;

const events = Object.keys(StreamEvent).length;

/** Figure 2 of RFC 9113 and the rules below it. Rows in one array: an array a row costs a call 2 % of what the wire takes for it. */
// prettier-ignore
const table: readonly (StreamState | Verdict)[] = [
  //                     headers           data              endReceived       resetReceived  windowUpdate      endSent          resetSent
  /* idle             */ open,             protocolError,    ignored,          protocolError, protocolError,    ignored,         ignored,
  /* barred           */ protocolError,    protocolError,    ignored,          protocolError, protocolError,    ignored,         ignored,
  /* open             */ open,             open,             halfClosedRemote, closed,        open,             halfClosedLocal, abandoned,
  /* halfClosedLocal  */ halfClosedLocal,  halfClosedLocal,  closed,           closed,        halfClosedLocal,  ignored,         abandoned,
  /* halfClosedRemote */ streamClosed,     resetStream,      ignored,          closed,        halfClosedRemote, closed,          closed,
  /* closed           */ streamClosed,     streamClosed,     ignored,          ignored,       ignored,          ignored,         ignored,
  /* abandoned        */ ignored,          ignored,          ignored,          ignored,       ignored,          ignored,         ignored,
];

/** Where an event leads. */
export function after(state: StreamState, event: StreamEvent): StreamState | Verdict {
  return table[state * events + event] ?? ignored;
}

/** Whether an event leads to a state, be it the same: then what came is taken, and what is to go may go. */
export function isState(next: StreamState | Verdict): next is StreamState {
  return next <= abandoned;
}

/** Whether the peer may send HEADERS and DATA. */
export function mayReceive(state: StreamState): boolean {
  return isState(after(state, StreamEvent.data));
}

/** Whether we may. */
export function maySend(state: StreamState): boolean {
  return isState(after(state, StreamEvent.endSent));
}

/** Whether it is over. */
export function isClosed(state: StreamState): boolean {
  return state >= closed;
}
