/** What one call may say beside its message. */
export interface CallOptions {
  /** Whose data. */
  readonly namespace?: string;
  /** More request metadata, by names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the call may take, all told; 30 seconds where nothing is said. */
  readonly deadlineMs?: number;
  /** Leaves the call: it ends with kind `cancelled`. */
  readonly signal?: AbortSignal;
}
