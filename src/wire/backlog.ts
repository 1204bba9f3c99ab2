/** Bytes that may wait to be sent at once, by all connections that share it. */
export interface Backlog {
  /** Takes so many; false, and takes none, where there are not as many left. */
  take(bytes: number): boolean;
  /** Gives back what was taken. */
  give(bytes: number): void;
}

/** Where nobody counts. */
export const unbounded: Backlog = { take: () => true, give: () => undefined };
