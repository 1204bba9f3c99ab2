import fc from "fast-check";
import { expect, test } from "vitest";
import { InFlight, type Placed } from "../../src/protocol/index.js";

test("what runs is counted and told until it has gone, once, in whatever order it goes", () => {
  const order = fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 100 });
  fc.assert(
    fc.property(order, (touched) => {
      const all = Array.from({ length: 20 }, (): Placed => ({ place: -1 }));
      const inFlight = new InFlight<Placed>();
      const expected = new Set<Placed>();
      for (const one of touched.map((n) => all[n] ?? { place: -1 })) {
        if (expected.has(one)) {
          expect(inFlight.remove(one)).toBe(true);
          expected.delete(one);
        } else {
          expect(inFlight.remove(one)).toBe(false);
          inFlight.add(one);
          expected.add(one);
        }
        expect(inFlight.size).toBe(expected.size);
        expect(new Set(inFlight.all())).toEqual(expected);
      }
    }),
  );
});
