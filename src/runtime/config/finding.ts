/** Keys and list positions from the document's root. */
export type Path = readonly (string | number)[];

/** Something wrong at a path, told at its value unless at its key. */
export interface Finding {
  readonly path: Path;
  readonly at?: "key";
  readonly message: string;
}

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A finding with its place. */
export interface PlacedFinding extends Finding {
  readonly place: Place;
  /** The value at the path could not be had, and null stands for it. */
  readonly isLost?: boolean;
}
