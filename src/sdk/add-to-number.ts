import { Code } from "../protocol/index.js";
import { PluginError } from "./plugin-error.js";

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/**
 * What an increment makes of a stored value: decimal text of an int64, where nothing counts as 0. A value that is no
 * such text is FAILED_PRECONDITION, a sum beyond int64 OUT_OF_RANGE.
 */
export function addToNumber(value: Uint8Array | undefined, delta: bigint): bigint {
  const sum = (value === undefined ? 0n : numberFrom(value)) + delta;
  if (sum >= minInt64 && sum <= maxInt64) return sum;
  throw new PluginError(
    Code.OUT_OF_RANGE,
    `the sum ${sum.toString()} does not fit an int64: the value stays as it was`,
  );
}

function numberFrom(value: Uint8Array): bigint {
  const text = value.length <= 20 ? Buffer.from(value).toString("latin1") : "";
  if (/^-?\d{1,19}$/.test(text)) {
    const number = BigInt(text);
    if (number >= minInt64 && number <= maxInt64) return number;
  }
  const message = "the value is no decimal int64, and only numbers can be incremented: it stays as it was";
  throw new PluginError(Code.FAILED_PRECONDITION, message);
}
