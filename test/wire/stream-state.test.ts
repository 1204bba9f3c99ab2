import { describe, expect, test } from "vitest";
import {
  after,
  isClosed,
  isState,
  mayReceive,
  maySend,
  StreamEvent,
  StreamState,
  Verdict,
} from "../../src/wire/stream-state.js";

const { idle, barred, open, halfClosedLocal, halfClosedRemote, closed, abandoned } = StreamState;
const { headers, data, endReceived, resetReceived, windowUpdate, endSent, resetSent } = StreamEvent;
const { ignored, resetStream, protocolError, streamClosed } = Verdict;

describe("a stream's life", () => {
  test.each([
    ["recv H", idle, headers, open],
    ["recv ES", open, endReceived, halfClosedRemote],
    ["send ES", open, endSent, halfClosedLocal],
    ["recv R", open, resetReceived, closed],
    ["send R", open, resetSent, abandoned],
    ["send ES", halfClosedRemote, endSent, closed],
    ["send R", halfClosedRemote, resetSent, closed],
    ["recv R", halfClosedRemote, resetReceived, closed],
    ["recv ES", halfClosedLocal, endReceived, closed],
    ["send R", halfClosedLocal, resetSent, abandoned],
    ["recv R", halfClosedLocal, resetReceived, closed],
  ])("follows the arrow %s of RFC 9113's figure 2 from state %i by event %i", (_arrow, from, event, to) => {
    expect(after(from, event)).toBe(to);
    expect(isClosed(to)).toBe(to === closed || to === abandoned);
  });

  test("has no arrow out of closed", () => {
    const led = [closed, abandoned].flatMap((state) =>
      Object.values(StreamEvent).map((event) => after(state, event)),
    );

    expect(led.filter(isState)).toEqual([]);
  });

  test("stays what it is by whatever an open way brings", () => {
    for (const event of [headers, data, windowUpdate])
      expect([after(open, event), after(halfClosedLocal, event)]).toEqual([open, halfClosedLocal]);
    expect(after(halfClosedRemote, windowUpdate)).toBe(halfClosedRemote);
  });

  test("lets each side send until it has ended", () => {
    const states = [open, halfClosedLocal, halfClosedRemote, closed, abandoned];

    expect(states.map(maySend)).toEqual([true, false, true, false, false]);
    expect(states.map(mayReceive)).toEqual([true, true, false, false, false]);
  });
});

describe("what comes out of turn", () => {
  test("on an idle stream ends the connection, as does opening one that is not the peer's to open", () => {
    const early = [data, resetReceived, windowUpdate];

    expect(early.map((event) => after(idle, event))).toEqual(early.map(() => protocolError));
    expect([headers, ...early].map((event) => after(barred, event))).toEqual(
      [headers, ...early].map(() => protocolError),
    );
  });

  test("behind END_STREAM ends the connection, but DATA for which we still work resets its stream only", () => {
    expect(after(halfClosedRemote, headers)).toBe(streamClosed);
    expect(after(halfClosedRemote, data)).toBe(resetStream);
    expect([headers, data].map((event) => after(closed, event))).toEqual([streamClosed, streamClosed]);
  });

  test("behind our own RST_STREAM is passed over: the peer need not know of it yet", () => {
    const all = Object.values(StreamEvent);

    expect(all.map((event) => after(abandoned, event))).toEqual(all.map(() => ignored));
  });

  test("of RST_STREAM and WINDOW_UPDATE is passed over on a closed stream", () => {
    expect([resetReceived, windowUpdate].map((event) => after(closed, event))).toEqual([ignored, ignored]);
  });
});
