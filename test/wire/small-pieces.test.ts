import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { Inbox } from "../../src/sdk/inbox.js";
import { frameMessage, MessageReader } from "../../src/wire/index.js";
import { SendQueue } from "../../src/wire/send-queue.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const pieces = 500_000;
const mostBytes = 16 * 1024 * 1024;

/** What more is held once all that is of no use has been collected. */
function heldBy(act: () => unknown): number {
  const before = heldNow();
  const kept = act();
  const held = heldNow() - before;
  expect(kept).toBeDefined();
  return held;
}

function heldNow(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe("half a million pieces of a byte are held as so many bytes, and not as so many objects:", () => {
  const byte = Buffer.from([7]);

  test("of a message that is not whole", () => {
    const reader = new MessageReader();
    reader.push(frameMessage(Buffer.alloc(pieces + 1)).subarray(0, 5));

    const held = heldBy(() => {
      for (let i = 0; i < pieces; i++) reader.push(byte);
      return reader;
    });

    expect(held).toBeLessThan(mostBytes);
    expect(reader.push(byte)).toEqual([Buffer.alloc(pieces + 1, 7)]);
  });

  test("of DATA that waits to be sent", () => {
    const queue = new SendQueue();

    const held = heldBy(() => {
      for (let i = 0; i < pieces; i++) queue.addData(byte);
      return queue;
    });

    expect(held).toBeLessThan(mostBytes);
    expect(queue.bytes).toBe(pieces);
  });

  test("of messages that wait for an operation", async () => {
    const inbox = new Inbox(() => undefined);

    const held = heldBy(() => {
      for (let i = 0; i < pieces; i++) inbox.put(byte);
      return inbox;
    });

    expect(held).toBeLessThan(mostBytes);
    inbox.end();
    let read = 0;
    for await (const message of inbox) read += message[0] === 7 ? 1 : 0;
    expect(read).toBe(pieces);
  });
});

test("messages that wait are read in the order they came, whatever their sizes", async () => {
  const inbox = new Inbox(() => undefined);
  const sent = Array.from({ length: 300 }, (_, i) => Buffer.alloc((i * 37) % 1500, i));

  for (const message of sent) inbox.put(message);
  inbox.end();

  const read: Buffer[] = [];
  for await (const message of inbox) read.push(Buffer.from(message));
  expect(read).toEqual(sent);
});
