import type { Scalar } from "yaml";

/** A mapping's key as text: what stands in the file, so that `1:` is "1". */
export function keyText({ value, source }: Scalar): string {
  return typeof value === "string" ? value : (source ?? String(value));
}
