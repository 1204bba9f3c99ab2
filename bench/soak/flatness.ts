/** One value at one time, of one process in one role. */
export interface Point {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly pid: number;
  readonly value: number;
}

/**
 * How much a value grows in an hour, by least squares within each process's life: a process that is replaced begins
 * anew and hides nothing. The first `warmSeconds` of each life are left out. 0 where there is too little to say.
 */
export function growthPerHour(points: readonly Point[], warmSeconds: number): number {
  const births = new Map<number, number>();
  for (const { pid, at } of points) births.set(pid, Math.min(births.get(pid) ?? Infinity, at));
  const warm = points.filter(({ pid, at }) => at - (births.get(pid) ?? 0) >= warmSeconds);
  const lives = new Map<number, Point[]>();
  for (const point of warm) lives.set(point.pid, [...(lives.get(point.pid) ?? []), point]);
  let together = 0;
  let apart = 0;
  for (const life of lives.values()) {
    const at = mean(life.map((point) => point.at));
    const value = mean(life.map((point) => point.value));
    for (const point of life) {
      together += (point.at - at) * (point.value - value);
      apart += (point.at - at) ** 2;
    }
  }
  return apart === 0 ? 0 : (together / apart) * 3600;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
