import { beforeEach, expect, test } from "vitest";
import { PeerRefusals, type Refused } from "../../../../src/runtime/data-plane/common/peer-refusals.js";
import type { LogFields } from "../../../../src/runtime/model/log.js";

const flood: Refused = {
  peer: "client",
  reason: "idle_frames_per_second",
  message: "too many frames that carry no work",
  from: "192.0.2.1",
};

let lines: [level: string, message: string, fields: LogFields | undefined][];
let refusals: PeerRefusals;
let now: number;
beforeEach(() => {
  lines = [];
  now = 0;
  const at =
    (level: string) =>
    (message: string, fields?: LogFields): void =>
      void lines.push([level, message, fields]);
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  refusals = new PeerRefusals(log, () => now);
});

test("every refusal is counted, by the kind of peer and the reason", () => {
  refusals.add(flood);
  refusals.add(flood);
  refusals.add({ ...flood, peer: "plugin", from: "orders-1" });
  refusals.add({ ...flood, reason: "protocol_error" });

  expect(refusals.counters()).toEqual([
    { peer: "client", reason: "idle_frames_per_second", count: 2 },
    { peer: "plugin", reason: "idle_frames_per_second", count: 1 },
    { peer: "client", reason: "protocol_error", count: 1 },
  ]);
});

test("a reason is logged at once, and then every ten seconds at most, with how many there have been", () => {
  refusals.add(flood);
  now = 9_999;
  refusals.add(flood);
  now = 10_000;
  refusals.add(flood);

  expect(lines.map(([level, , fields]) => [level, fields?.["count"]])).toEqual([
    ["warn", 1],
    ["warn", 3],
  ]);
});

test("the line of a limit names its key, that of a broken rule the error code", () => {
  refusals.add(flood);
  refusals.add({ ...flood, reason: "compression_error" });

  expect(lines.map(([, , fields]) => fields)).toEqual([
    expect.objectContaining({ peer: "192.0.2.1", limit: "server.limits.idle_frames_per_second" }),
    { peer: "192.0.2.1", reason: "compression_error", count: 1 },
  ]);
});

test("what a peer has made up reaches the log short, and without control characters", () => {
  refusals.add({ ...flood, message: `the value of \u001b[2Jx${"y".repeat(500)}` });

  expect(lines[0]?.[1]).toBe(`a client was refused: the value of ?[2Jx${"y".repeat(182)}`);
});

test("a fault of our own is an error with its stack, not a refusal", () => {
  refusals.add({ ...flood, reason: "internal_error", message: "Error: a bug\n    at wire" });

  expect(lines).toEqual([
    [
      "error",
      "a bug has ended the connection of a client",
      { peer: "192.0.2.1", error: "Error: a bug\n    at wire", count: 1 },
    ],
  ]);
});
