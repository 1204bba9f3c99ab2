/** The life of a stream once its HEADERS have been seen (RFC 9113, section 5.1, figure 2; `idle` is a stream not made yet). */
export type StreamState = "open" | "halfClosedLocal" | "halfClosedRemote" | "closed";

/** What moves it: END_STREAM sent, END_STREAM received, RST_STREAM either way. */
export type StreamEvent = "endSent" | "endReceived" | "reset";

/** What follows what. An event that a state does not name cannot happen in it: the caller has refused it before. */
export const transitions: Readonly<Record<StreamState, Readonly<Record<StreamEvent, StreamState>>>> = {
  open: { endSent: "halfClosedLocal", endReceived: "halfClosedRemote", reset: "closed" },
  halfClosedLocal: { endSent: "halfClosedLocal", endReceived: "closed", reset: "closed" },
  halfClosedRemote: { endSent: "closed", endReceived: "halfClosedRemote", reset: "closed" },
  closed: { endSent: "closed", endReceived: "closed", reset: "closed" },
};
