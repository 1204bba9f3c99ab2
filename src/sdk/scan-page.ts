import type {
  Entry,
  ScanRequest,
  ScanResponseSchema,
} from "../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { Code } from "../protocol/index.js";
import { maxKeyBytes } from "./key-rules.js";
import { keyOfToken, tokenAfter } from "./page-token.js";
import { PluginError } from "./plugin-error.js";
import type { Answered } from "./shape.js";

const defaultLimit = 100;
const maxLimit = 1000;

/** Values of a page, at most: a page of large ones ends early, so that it stays below what clients take as one message (4 MiB). */
const maxPageBytes = 3 * 1024 * 1024;

/** What a backend is asked for in a scan. */
export interface ScanQuery {
  /** What keys begin with, literally; empty = every key. */
  readonly prefix: string;
  /** Only keys that sort after this one; empty = from the first. */
  readonly after: string;
  /** How many entries at most: one more than the page holds. */
  readonly take: number;
  readonly withValues: boolean;
  /** Values of a page in bytes at most, though it holds one entry at least: a backend need not fetch more than shows it full. */
  readonly maxBytes: number;
}

/** One entry of a scan. The value is needed only where the query asks for it. */
export interface ScannedEntry {
  readonly key: string;
  readonly value?: Uint8Array;
}

/** Settles a scan's limits. Undefined = no key can begin so: the page is empty. */
export function scanQueryOf(request: ScanRequest): ScanQuery | undefined {
  const { prefix, pageToken, withValues } = request;
  if (request.limit < 0) {
    throw new PluginError(Code.INVALID_ARGUMENT, `the limit is ${request.limit}: it is 0 (for 100) or more`);
  }
  const after = keyOfToken(pageToken, prefix);
  if (prefix.includes("\0") || Buffer.byteLength(prefix) > maxKeyBytes) return undefined;
  const limit = request.limit === 0 ? defaultLimit : Math.min(request.limit, maxLimit);
  return { prefix, after, take: limit + 1, withValues, maxBytes: maxPageBytes };
}

/** Makes the page of what a backend found. The token holds the page's last key, so pages stay stable whatever is written meanwhile. */
export function pageOf(query: ScanQuery, found: Iterable<ScannedEntry>): Answered<typeof ScanResponseSchema> {
  const entries: Pick<Entry, "key" | "found" | "value">[] = [];
  let bytes = 0;
  for (const { key, value = nothing } of found) {
    const last = entries.at(-1);
    if (last && (entries.length === query.take - 1 || bytes + value.length > query.maxBytes)) {
      return { entries, nextPageToken: tokenAfter(last.key) };
    }
    entries.push({ key, found: true, value: query.withValues ? value : nothing });
    if (query.withValues) bytes += key.length + value.length;
  }
  return { entries, nextPageToken: "" };
}

const nothing = new Uint8Array();
