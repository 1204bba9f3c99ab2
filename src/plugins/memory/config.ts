import { z } from "../../sdk/index.js";

const unit = { "": 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** A number of bytes: 1048576, or text such as "1MiB". */
const byteSize = z.union([
  z.int().positive(),
  z
    .string()
    .regex(/^[1-9]\d*(KiB|MiB|GiB)?$/, "expected a number of bytes, or text such as 64MiB")
    .transform((text) => parseInt(text, 10) * unit[unitOf(text)]),
]);

function unitOf(text: string): keyof typeof unit {
  if (text.endsWith("KiB")) return "KiB";
  if (text.endsWith("MiB")) return "MiB";
  return text.endsWith("GiB") ? "GiB" : "";
}

/** What a namespace on `memory` may set. */
export const config = z.strictObject({
  /** What keys, values and their bookkeeping may take; over it writes are refused. */
  max_bytes: byteSize.default(256 * 1024 ** 2),
  /** How often expired keys are swept out. They are never seen, swept or not. */
  sweep_interval_ms: z.int().min(10).default(1000),
});
