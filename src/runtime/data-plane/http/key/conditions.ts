import { PrismError } from "../../../../protocol/index.js";
import type { Exchange } from "../exchange.js";
import { HttpRefusal } from "../http-refusal.js";

/** What If-Match or If-None-Match names: any value at all, or these tags. */
type Tags = "*" | readonly string[];

/** What has to hold of the value that is there for a request to be done (RFC 9110, section 13). */
export interface Conditions {
  readonly match: Tags | undefined;
  readonly noneMatch: Tags | undefined;
}

/** A value that is there; its tag is unknown where it is too large to have one. */
export interface Current {
  readonly tag: string | undefined;
}

const tagForm = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const listForm = new RegExp(`^[ \\t]*${tagForm.source}(?:[ \\t]*,[ \\t]*${tagForm.source})*[ \\t]*$`);

/** Reads a request's conditions. Throws where one cannot be read: to pass over it could overwrite what it protects. */
export function readConditions(exchange: Exchange): Conditions {
  return { match: tagsIn(exchange, "if-match"), noneMatch: tagsIn(exchange, "if-none-match") };
}

/** Whether there is any condition. */
export function isConditional({ match, noneMatch }: Conditions): boolean {
  return match !== undefined || noneMatch !== undefined;
}

/** Whether all that is asked is that nothing be there. */
export function wantsAbsent({ match, noneMatch }: Conditions): boolean {
  return match === undefined && noneMatch === "*";
}

/** Whether If-Match holds; strong tags only, as bytes are compared. */
export function matches({ match }: Conditions, current: Current | undefined): boolean {
  if (match === undefined) return true;
  if (current === undefined) return false;
  return match === "*" || (current.tag !== undefined && match.includes(current.tag));
}

/** Whether If-None-Match holds. A tag that some cache has weakened counts. */
export function matchesNone({ noneMatch }: Conditions, current: Current | undefined): boolean {
  if (noneMatch === undefined || current === undefined) return true;
  return noneMatch !== "*" && !noneMatch.some((tag) => tag.replace(/^W\//, "") === current.tag);
}

/** A condition that does not hold, and what that says of what is there. */
export function conditionFailed(what: string): HttpRefusal {
  const message = `${what}: read it again, and decide by what is there now`;
  return new HttpRefusal(new PrismError("failedPrecondition", message), 412);
}

function tagsIn(exchange: Exchange, name: string): Tags | undefined {
  const field = exchange.header(name);
  if (field === undefined) return undefined;
  if (field.trim() === "*") return "*";
  if (listForm.test(field)) return field.match(tagForm) ?? [];
  const message = `${name} is "${field.slice(0, 100)}": send * or the ETag as it was told, with its quotes`;
  throw new PrismError("invalidRequest", message);
}
