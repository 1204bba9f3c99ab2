import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Flag } from "../../../src/wire/frame.js";
import { ending, message, opening } from "./calls.js";
import { Siege } from "./siege.js";

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin();
});
afterAll(() => siege.end());

const [internal, resourceExhausted] = ["INTERNAL", "RESOURCE_EXHAUSTED"];
const lies: [what: string, sent: Buffer, code: string][] = [
  ["4 GiB announced", message(Buffer.from("abc"), { length: 0xffffffff }), resourceExhausted],
  ["3 GiB announced, and less sent", message(Buffer.from("abc"), { length: 3 * 2 ** 30 }), internal],
  ["an end within the length itself", message(Buffer.alloc(0)).subarray(0, 3), internal],
  ["compressed, without grpc-encoding", message(Buffer.from("abc"), { flag: 1 }), internal],
];

describe("a message that lies costs its own call, 500 times as once:", () => {
  for (const [what, sent, code] of lies) {
    test(`${what} is ${code}`, () =>
      siege.withstand({
        what,
        run: async () => {
          const counted = `prism_calls_total{namespace="default",operation="set",code="${code}"}`;
          const before = await siege.metric(counted);
          const peer = siege.peer();
          for (let stream = 1; stream < 1000; stream += 2)
            peer.send(opening(peer, stream, "Set"), ending(stream, sent));

          for (let stream = 1; stream < 1000; stream += 2)
            await peer.heard((frame) => frame.stream === stream && (frame.flags & Flag.END_STREAM) !== 0);
          expect((await siege.metric(counted)) - before).toBe(500);
        },
      }));
  }
});
