const longestCompared = 64;

/** The known name that a near miss most likely meant: a few letters off, or longer. Undefined where none is near. */
export function nearestName(miss: string, known: Iterable<string>): string | undefined {
  if (miss.length > longestCompared) return undefined;
  const wanted = plain(miss);
  let nearest: string | undefined;
  let smallest = Math.min(3, Math.max(1, Math.floor(miss.length / 3))) + 1;
  for (const name of known) {
    const distance = distanceBetween(wanted, plain(name), smallest);
    if (distance < smallest) [nearest, smallest] = [name, distance];
  }
  return nearest;
}

function distanceBetween(wanted: string, name: string, bound: number): number {
  if (wanted.length >= 3 && name.startsWith(wanted)) return wanted === name ? 0 : 1;
  return Math.abs(name.length - wanted.length) >= bound ? bound : editsBetween(wanted, name);
}

/** Case and the kind of dash are what people mistake most. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

/** Insertions, deletions, replacements, and swaps of two neighbours, that make one text of the other. */
function editsBetween(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? Infinity) + 1 : Infinity,
      );
    }
    [before, above] = [above, current];
  }
  return above[to.length] ?? 0;
}
