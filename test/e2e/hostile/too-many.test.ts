import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { FrameType } from "../../../src/wire/frame.js";
import { until } from "../../support/running-prism.js";
import { askMuch, opening } from "./calls.js";
import { Siege } from "./siege.js";

const initialWindow = 4;
const shut = [initialWindow, 0] as const;

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin({ limits: "connections: 100, streams_per_connection: 300, held_bytes: 12MiB" });
  await siege.neighbour.set("large", "v".repeat(64 * 1024));
});
afterAll(() => siege.end());

describe("too many at once are refused, and the neighbour's calls are answered meanwhile:", () => {
  test("connections are closed at once", () =>
    siege.withstand({
      what: "300 connections",
      reason: "connections",
      run: async () => {
        let closed = 0;
        for (let i = 0; i < 300; i++)
          siege
            .dial()
            .resume()
            .once("close", () => closed++);

        // The neighbour has one of the hundred.
        await until("201 of 300 to be closed", () => closed === 201);
        expect(await siege.metric("prism_connections")).toBe(100);
      },
    }));

  test("calls of a connection are REFUSED_STREAM, and those that run go on", () =>
    siege.withstand({
      what: "350 calls at once",
      reason: "streams_per_connection",
      run: async () => {
        const peer = siege.peer();
        await peer.settled();
        for (let stream = 1; stream < 700; stream += 2) peer.send(opening(peer, stream));

        expect(await peer.reset(699)).toBe(ErrorCode.REFUSED_STREAM);
        await peer.settled();
        expect(peer.frames.filter(({ type }) => type === FrameType.RST_STREAM)).toHaveLength(50);
      },
    }));

  test("bytes that wait for clients end the calls that they belong to", () =>
    siege.withstand({
      what: "300 answers of 64 KiB that nobody takes, on three connections",
      reason: "held_bytes",
      run: async () => {
        const peers = Array.from({ length: 3 }, () => siege.peer(shut));
        for (const peer of peers) askMuch(peer, "large");

        const { payload } = await Promise.any(
          peers.map((peer) => peer.heard(({ type }) => type === FrameType.RST_STREAM)),
        );
        expect(payload.readUInt32BE(0)).toBe(ErrorCode.ENHANCE_YOUR_CALM);
      },
    }));
});

test("answers that nobody takes do not keep those of others from coming", () =>
  siege.withstand({
    what: "more than a connection's usual window, on its way from the plugin",
    run: async () => {
      await siege.neighbour.set("larger", "v".repeat(110 * 1024));
      const peer = siege.peer(shut);
      askMuch(peer, "larger");
      await until(
        "all of them to be begun",
        () => peer.frames.filter(({ type }) => type === FrameType.HEADERS).length === 100,
      );

      for (let i = 0; i < 20; i++) expect(await siege.neighbour.get("large")).toHaveLength(64 * 1024);
    },
  }));
