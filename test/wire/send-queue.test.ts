import fc from "fast-check";
import { expect, test } from "vitest";
import { HeaderList } from "../../src/wire/header-list.js";
import { SendQueue } from "../../src/wire/send-queue.js";

test("gives back what it was given, in whatever portions it is taken", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 30_000 }),
      (pieces, most) => {
        const queue = new SendQueue();
        for (const piece of pieces) queue.addData(piece);
        const taken: Uint8Array[] = [];
        while (queue.available(most) > 0) taken.push(queue.takeData(most));

        expect(Buffer.concat(taken).equals(Buffer.concat(pieces))).toBe(true);
        expect({ bytes: queue.bytes, isEmpty: queue.isEmpty }).toEqual({ bytes: 0, isEmpty: true });
      },
    ),
  );
});

test("keeps a header block in its place between DATA", () => {
  const queue = new SendQueue();
  const head = new HeaderList(["a", "b"]);
  queue.addData(Buffer.from("one"));
  queue.addHeaders(head);
  queue.addData(Buffer.from("two"));

  expect(queue.takeHeaders()).toBeUndefined();
  expect(queue.available(100)).toBe(3);
  expect(queue.endsWith(6)).toBe(false);
  queue.takeData(100);
  expect(queue.takeHeaders()).toBe(head);
  expect(queue.endsWith(3)).toBe(true);
});

test("copies a small part of a large read, and keeps a large part as it is", () => {
  const read = Buffer.allocUnsafeSlow(65_536);
  const queue = new SendQueue();

  queue.addData(read.subarray(0, 5000));
  queue.addData(read.subarray(5000, 40_000));

  expect(queue.takeData(65_536).buffer).not.toBe(read.buffer);
  expect(queue.takeData(65_536).buffer).toBe(read.buffer);
});

test("takes of what all queues may hold together, and gives it back as its bytes go or are dropped", () => {
  let left = 10;
  const backlog = {
    take: (bytes: number) => bytes <= left && ((left -= bytes), true),
    give: (bytes: number) => void (left += bytes),
  };
  const queue = new SendQueue(backlog);
  const other = new SendQueue(backlog);

  expect([queue.addData(Buffer.alloc(6)), other.addData(Buffer.alloc(5))]).toEqual([true, false]);
  queue.takeData(2);
  expect(other.addData(Buffer.alloc(5))).toBe(true);
  queue.drop();

  expect({ left, queue: queue.bytes, other: other.bytes }).toEqual({ left: 5, queue: 0, other: 5 });
});
