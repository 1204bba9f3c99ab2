import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same, in a time that tells nothing of where they differ or how long they are. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

/** What proves that the plugin holds the token: HMAC-SHA256 of the challenge, keyed with it. Empty without either. */
export function proofOf(token: string, challenge: Uint8Array): Uint8Array {
  if (token === "" || challenge.length === 0) return new Uint8Array();
  return createHmac("sha256", token).update(challenge).digest();
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
