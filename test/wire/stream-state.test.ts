import { expect, test } from "vitest";
import { after, mayReceive, maySend, StreamEvent, StreamState } from "../../src/wire/stream-state.js";

const { open, halfClosedLocal, halfClosedRemote, closed } = StreamState;
const { endSent, endReceived, reset } = StreamEvent;

test("a stream closes when both sides have ended, in either order", () => {
  expect(after(after(open, endSent), endReceived)).toBe(closed);
  expect(after(after(open, endReceived), endSent)).toBe(closed);
});

test("a reset closes it from every state, and nothing opens it again", () => {
  expect(Object.values(StreamState).map((state) => after(state, reset))).toEqual([
    closed,
    closed,
    closed,
    closed,
  ]);
  expect(Object.values(StreamEvent).map((event) => after(closed, event))).toEqual([closed, closed, closed]);
});

test("each side may send until it has ended", () => {
  const states = [open, halfClosedLocal, halfClosedRemote, closed];

  expect(states.map(maySend)).toEqual([true, false, true, false]);
  expect(states.map(mayReceive)).toEqual([true, true, false, false]);
});
