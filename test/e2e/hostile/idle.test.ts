import { afterAll, beforeAll, expect, test } from "vitest";
import { Flag } from "../../../src/wire/frame.js";
import { ending, getRequest, opening } from "./calls.js";
import { Siege } from "./siege.js";

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin();
});
afterAll(() => siege.end());

test("500 connections that idle after a call are kept, and leave nothing behind when they go", () =>
  siege.withstand({
    what: "500 idle connections",
    run: async () => {
      const peers = Array.from({ length: 500 }, () => siege.peer());
      for (const peer of peers) peer.send(opening(peer, 1), ending(1, getRequest("k")));
      await Promise.all(
        peers.map((peer) =>
          peer.heard(({ stream, flags }) => stream === 1 && (flags & Flag.END_STREAM) !== 0),
        ),
      );

      await Promise.all(peers.map((peer) => peer.settled()));

      expect(await siege.metric("prism_connections")).toBeGreaterThanOrEqual(500);
    },
  }));
