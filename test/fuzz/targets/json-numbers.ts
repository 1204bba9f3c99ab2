import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { doubleOf, readNumber, wholeNumber, WrittenNumber } from "../../../src/protocol/json/json-number.js";
import { fuzzTarget } from "../fuzz-target.js";

const digits = fc
  .array(fc.nat(9), { minLength: 1, maxLength: 25 })
  .map((all) => all.join("").replace(/^0+(?=.)/, ""));

/** Numbers as JSON writes them: what is whole is exact, and a double that is taken has the digits that were written. */
export const jsonNumbers = fuzzTarget({
  name: "json-numbers",
  testRuns: 3000,
  input: fc.record({
    sign: fc.constantFrom("", "-"),
    whole: digits,
    fraction: fc.option(digits, { nil: "" }),
    exponent: fc.option(fc.integer({ min: -330, max: 330 }), { nil: 0 }),
  }),
  open: () => ({
    check: ({ sign, whole, fraction, exponent }) => {
      const text = `${sign}${whole}${fraction && `.${fraction}`}${exponent === 0 ? "" : `e${exponent}`}`;
      const read = readNumber(text);
      if (!(read instanceof WrittenNumber)) strictEqual(read, Number(text), text);
      const written = read instanceof WrittenNumber ? read : new WrittenNumber(text);
      const exact = exactly(sign + whole + fraction, exponent - fraction.length);
      const isWhole = exact !== undefined && String(exact).replace("-", "").length <= 20;
      strictEqual(wholeNumber(written), isWhole ? exact : undefined, text);
      if (exact !== undefined && BigInt(Number.isFinite(Number(text)) ? Number(text) : 0) === exact)
        strictEqual(doubleOf(written), Number(text), text);
      if (!(read instanceof WrittenNumber) && exact !== undefined)
        strictEqual(BigInt(Number(text)), exact, text);
    },
  }),
});

/** digits × 10^exponent, undefined where that is no whole number. */
function exactly(written: string, exponent: number): bigint | undefined {
  if (exponent >= 0) return BigInt(written) * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return BigInt(written) % divisor === 0n ? BigInt(written) / divisor : undefined;
}
