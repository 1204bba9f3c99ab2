/** A function, as V8 names it. */
export interface CallFrame {
  readonly functionName: string;
  /** Empty where it is not JavaScript. */
  readonly url: string;
  readonly lineNumber: number;
}
