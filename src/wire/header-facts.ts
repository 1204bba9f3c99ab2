/** What a header block is for; each has rules of its own (RFC 9113, section 8). */
export type BlockKind = "request" | "response" | "trailers";

/** What the rules say of a list. */
export interface HeaderFacts {
  readonly kind: BlockKind;
  /** Why it is malformed; undefined where it is not. */
  readonly fault: string | undefined;
  /** What `content-length` announces; -1 where it does not. */
  readonly contentLength: number;
  /** A response that is not the final one: 1xx. */
  readonly informational: boolean;
}
