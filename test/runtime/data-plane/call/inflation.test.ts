import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PrismError } from "../../../../src/protocol/index.js";
import { DeadlineWheel } from "../../../../src/runtime/data-plane/common/deadline-wheel.js";
import { Inflation, type InflationSettings } from "../../../../src/runtime/data-plane/call/inflation.js";
import { MemoryBudget } from "../../../../src/runtime/data-plane/common/memory-budget.js";

const KiB = 1024;
const budgetBytes = 1024 * KiB;
/** What no compressor makes smaller. */
const noise = (bytes: number): Buffer => {
  let seed = 7;
  return Buffer.from(Array.from({ length: bytes }, () => (seed = (seed * 16_807) % 2_147_483_647) & 255));
};

let budget: MemoryBudget;
let ms: number;
let deadlines: DeadlineWheel;
let begun: Inflation[];
beforeEach(() => {
  budget = new MemoryBudget(budgetBytes);
  ms = 0;
  deadlines = new DeadlineWheel(() => ms);
  begun = [];
});
afterEach(() => {
  for (const inflation of begun) inflation.destroy();
});

interface Begun {
  readonly inflation: Inflation;
  readonly result: Promise<Buffer | PrismError>;
  /** Bytes that were said to wait, and of which was told. */
  readonly told: { waiting: number };
}

function begin(compressedBytes: number, more: Partial<InflationSettings> = {}): Begun {
  const told = { waiting: 0 };
  let settle: (result: Buffer | PrismError) => void = () => undefined;
  const result = new Promise<Buffer | PrismError>((resolve) => (settle = resolve));
  const settings = {
    encoding: "gzip",
    messageBytes: 0,
    budget,
    withinMs: 60_000,
    deadlines,
    ...more,
  } as const;
  const inflation = new Inflation(compressedBytes, settings, {
    onInflated: (pieces, bytes) => {
      const whole = Buffer.concat(pieces);
      expect(whole.length).toBe(bytes);
      settle(whole);
    },
    onTaken: (bytes) => (told.waiting -= bytes),
    onNotInflated: settle,
  });
  begun.push(inflation);
  return { inflation, result, told };
}

function push({ inflation, told }: Begun, bytes: Buffer): void {
  told.waiting += bytes.length - inflation.push(bytes);
}

async function inflate(
  compressed: Buffer,
  pieceBytes: number,
  more: Partial<InflationSettings> = {},
): Promise<Buffer | PrismError> {
  const all = begin(compressed.length, more);
  for (let at = 0; at < compressed.length; at += pieceBytes) {
    push(all, compressed.subarray(at, at + pieceBytes));
    // Larger messages come over many turns.
    if (at % 10 === 0) await new Promise(setImmediate);
  }
  all.inflation.end();
  const result = await all.result;
  if (Buffer.isBuffer(result)) expect(all.told.waiting).toBe(0);
  all.inflation.destroy();
  return result;
}

/** Takes all there is, and gives it back. */
function isWhole(room: MemoryBudget): boolean {
  const whole = room.take(budgetBytes);
  if (whole) room.give(budgetBytes);
  return whole;
}

describe("a compressed message", () => {
  const messages: Readonly<Record<string, Buffer>> = {
    "of no bytes": Buffer.alloc(0),
    "of a few bytes": Buffer.from("hello"),
    "of 64 KiB that are all the same": Buffer.alloc(64 * KiB),
    "of one more": Buffer.alloc(64 * KiB + 1),
    "of 500 KiB that are all the same": Buffer.alloc(500 * KiB, "abc"),
    "of 40 KiB of noise": noise(40 * KiB),
    "of 200 KiB of noise": noise(200 * KiB),
  };

  test.each(Object.keys(messages))("%s comes out as it went in, in pieces of any size", async (what) => {
    const message = messages[what] ?? Buffer.alloc(0);

    for (const pieceBytes of [113, 16 * KiB, Infinity]) {
      const gzip = await inflate(gzipSync(message), pieceBytes);
      const deflate = await inflate(deflateSync(message), pieceBytes, { encoding: "deflate" });

      expect(Buffer.compare(gzip as Buffer, message)).toBe(0);
      expect(Buffer.compare(deflate as Buffer, message)).toBe(0);
    }
    expect(isWhole(budget)).toBe(true);
  });

  test("of several gzip members is all of them", async () => {
    const members = Buffer.concat([gzipSync("one "), gzipSync("two")]);

    expect((await inflate(members, Infinity)).toString()).toBe("one two");
  });

  const broken: Readonly<Record<string, (whole: Buffer) => Buffer>> = {
    "is cut": (whole) => whole.subarray(0, -1),
    "is followed by something": (whole) => Buffer.concat([whole, Buffer.from("x")]),
    "is followed by nothing but zeros": (whole) => Buffer.concat([whole, Buffer.alloc(9)]),
    "has a byte changed": (whole) =>
      whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 1 : byte)) as Buffer,
    "is another format": () => Buffer.from("plainly not compressed"),
    "is empty": () => Buffer.alloc(0),
  };

  test.each(Object.keys(broken))("that %s is refused INTERNAL, small or large", async (what) => {
    for (const bytes of [1000, 100 * KiB]) {
      for (const encoding of ["gzip", "deflate"] as const) {
        const compress = encoding === "gzip" ? gzipSync : deflateSync;
        const message = Buffer.from(broken[what]?.(compress(noise(bytes))) ?? "");

        const refusal = await inflate(message, 5000, { encoding });

        expect(refusal).toMatchObject({ kind: "invalidRequest", code: 13 });
      }
    }
    expect(isWhole(budget)).toBe(true);
  });
});

describe("a bomb", () => {
  test("stops at the bound while it is inflated, and never holds what it would become", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * KiB));

    const refusal = await inflate(bomb, Infinity, { messageBytes: 100 * KiB });

    // The budget holds 1 MiB, so a refusal by the bound shows that less had been inflated by then.
    expect(refusal).toMatchObject({
      kind: "overLimit",
      message: expect.stringContaining("102400") as string,
    });
    expect(isWhole(budget)).toBe(true);
  });

  test("stops where all messages together hold too much", async () => {
    const refusal = await inflate(gzipSync(Buffer.alloc(64 * 1024 * KiB)), Infinity);

    expect(refusal).toMatchObject({
      kind: "overLimit",
      message: expect.stringContaining("inflating_bytes") as string,
    });
    expect(isWhole(budget)).toBe(true);
  });

  test("of many messages that are begun and not ended holds no more than the budget", () => {
    const piece = noise(30 * KiB);

    const many = Array.from({ length: 100 }, () => begin(60 * KiB));
    for (const one of many) push(one, piece);

    const held = many.filter(({ inflation }) => !inflation.isOver);
    expect(held).toHaveLength(33);
    for (const { inflation } of held) inflation.destroy();
    expect(isWhole(budget)).toBe(true);
  });
});

test("what waits for zlib is told as it is dealt with, so that the client is credited no sooner", async () => {
  const compressed = gzipSync(noise(200 * KiB));
  const all = begin(compressed.length);

  push(all, compressed.subarray(0, 100 * KiB));
  push(all, compressed.subarray(100 * KiB));
  const waitingAtFirst = all.told.waiting;
  all.inflation.end();
  await all.result;

  expect(waitingAtFirst).toBe(compressed.length);
  expect(all.told.waiting).toBe(0);
});

test("a message that trickles is given up when its time is over, and its room is given back", async () => {
  const { inflation, result } = begin(60 * KiB);
  inflation.push(noise(1000));

  ms += 60_000;
  deadlines.turn();
  const early = inflation.isOver;
  ms += 20;
  deadlines.turn();

  expect(early).toBe(false);
  expect(await result).toMatchObject({ kind: "deadlineExceeded" });
  expect(isWhole(budget)).toBe(true);
});

test("a call that ends while its message is inflated frees all, and hears no more", async () => {
  const compressed = gzipSync(noise(200 * KiB));
  const all = begin(compressed.length);
  let heard = false;
  void all.result.then(() => (heard = true));
  push(all, compressed);
  all.inflation.end();

  all.inflation.destroy();
  all.inflation.destroy();
  await inflate(compressed, Infinity);

  expect(heard).toBe(false);
  expect(isWhole(budget)).toBe(true);
});
