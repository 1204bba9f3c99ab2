import { Pieces } from "./pieces.js";

/** Acts on every item, on so many at a time; ends when all are done. Rejects with the first failure, after all have ended. */
export async function forEachOf<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const pieces = new Pieces();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      await act(item).catch((reason: unknown) => failures.push(reason));
      await pieces.next();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
