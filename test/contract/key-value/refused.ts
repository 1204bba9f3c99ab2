import { expect } from "vitest";

/** An operation's failure with a code, and a sentence that says something. */
export function refused(code: number, says: string): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(says) as unknown });
}
