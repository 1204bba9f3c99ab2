import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReceiveWindow, SendWindow } from "../../src/wire/window.js";

describe("the window that we send within", () => {
  test("becomes negative when SETTINGS shrink it, and comes back with credit (RFC 9113, 6.9.2)", () => {
    const window = new SendWindow(65_535);
    window.take(60_000);

    window.grow(16_384 - 65_535);
    const shrunk = window.left;
    window.grow(44_000);

    expect({ shrunk, left: window.left }).toEqual({ shrunk: -43_616, left: 384 });
  });

  test("may be 2^31 − 1 and no larger", () => {
    expect(new SendWindow(65_535).grow(2 ** 31 - 1 - 65_535)).toBe(true);
    expect(new SendWindow(65_535).grow(2 ** 31 - 65_535)).toBe(false);
  });
});

describe("the window that the peer sends within", () => {
  test("takes what it allows and refuses a byte more", () => {
    const window = new ReceiveWindow(100);

    expect([window.take(60), window.take(40), window.take(1)]).toEqual([true, true, false]);
  });

  test("is given back in batches of half its size", () => {
    const window = new ReceiveWindow(100);
    window.take(100);

    expect([window.give(30), window.give(30), window.give(39), window.give(1)]).toEqual([0, 60, 0, 0]);
  });

  test("never holds back so much that a peer that waits for it waits for ever", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }), (parts) => {
        const window = new ReceiveWindow(100);
        let allowed = 100;
        for (const part of parts) {
          const sent = Math.min(part, allowed);
          expect(sent).toBeGreaterThan(0);
          expect(window.take(sent)).toBe(true);
          allowed += window.give(sent) - sent;
        }
      }),
    );
  });
});
