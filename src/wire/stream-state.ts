/** The life of a stream (RFC 9113, section 5.1). `idle` has no number: a stream is made when it leaves it. */
export const StreamState = { open: 0, halfClosedLocal: 1, halfClosedRemote: 2, closed: 3 } as const;

/** One of the states, as a number: every frame looks at it. */
export type StreamState = (typeof StreamState)[keyof typeof StreamState];

/** What moves it: END_STREAM sent, END_STREAM received, RST_STREAM either way (or the connection's end). */
export const StreamEvent = { endSent: 0, endReceived: 1, reset: 2 } as const;

/** One of the events. */
export type StreamEvent = (typeof StreamEvent)[keyof typeof StreamEvent];

const { open, halfClosedLocal, halfClosedRemote, closed } = StreamState;

// prettier-ignore
const transitions: readonly (readonly StreamState[])[] = [
  //                       endSent           endReceived       reset
  /* open             */ [ halfClosedLocal,  halfClosedRemote, closed ],
  /* halfClosedLocal  */ [ halfClosedLocal,  closed,           closed ],
  /* halfClosedRemote */ [ closed,           halfClosedRemote, closed ],
  /* closed           */ [ closed,           closed,           closed ],
];

/** Where an event leads. An end that has been before changes nothing, and nothing leaves `closed`. */
export function after(state: StreamState, event: StreamEvent): StreamState {
  return transitions[state]?.[event] ?? closed;
}

/** Whether the peer may send HEADERS and DATA. */
export function mayReceive(state: StreamState): boolean {
  return state === open || state === halfClosedLocal;
}

/** Whether we may. */
export function maySend(state: StreamState): boolean {
  return state === open || state === halfClosedRemote;
}
