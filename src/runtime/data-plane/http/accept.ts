/**
 * The type that a client likes best among those that are offered (RFC 9110, section 12.5.1): of equals the one offered
 * first. Undefined where it takes none of them; who says nothing takes any.
 */
export function preferredType(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === "") return offered[0];
  const ranges = accept.split(",").map(rangeFrom);
  let best: string | undefined;
  let bestWeight = 0;
  for (const type of offered) {
    const weight = weightOf(type, ranges);
    if (weight > bestWeight) [best, bestWeight] = [type, weight];
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

function rangeFrom(text: string): MediaRange {
  const [type = "", ...parameters] = text
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const weight = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
  return { type, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}

/** The most specific range that a type falls in decides. */
function weightOf(type: string, ranges: readonly MediaRange[]): number {
  const [kind = ""] = type.split("/");
  for (const range of [type, `${kind}/*`, "*/*"]) {
    const found = ranges.find((each) => each.type === range);
    if (found) return found.weight;
  }
  return 0;
}
