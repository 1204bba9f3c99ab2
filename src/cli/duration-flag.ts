import { Flags } from "@oclif/core";
import { usageError } from "./usage-error.js";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A flag such as `--for 10s`, in milliseconds. */
export const duration = Flags.custom<number>({
  helpValue: "10s",
  parse: (input) => {
    const [, digits, unit = ""] = /^(\d{1,9})(ms|s|m|h)$/.exec(input) ?? [];
    const ms = Number(digits) * (unitMs[unit] ?? NaN);
    if (Number.isNaN(ms)) throw usageError(`"${input}" is no duration: write 500ms, 10s, 5m or 1h`);
    return Promise.resolve(ms);
  },
});
