import type { HeaderList } from "../header-list.js";

/** Blocks remembered: a client repeats a handful, a proxy that serves many namespaces some more. */
const slots = 128;
/** Longer blocks are rarely the same again. */
const longestBlock = 512;

interface Known {
  readonly hash: number;
  readonly version: number;
  readonly block: Buffer;
  readonly list: HeaderList;
}

/**
 * Remembers what a block meant while the table was as it is: the same bytes mean the same then. Bounded by its slots; a
 * block has two that it may lie in. Only what comes a second time is worth remembering: blocks that carry a trace never
 * do, and would drive out those that do.
 */
export class BlockCache {
  /** Made when they are needed: a connection that is idle from the beginning is to stay small. */
  #known: (Known | undefined)[] = [];
  /** The hash of what came last and was not known, by slot. */
  #seen: Int32Array | undefined;
  /** The hash of what was looked up last. */
  #hash = 0;

  /** What the bytes from `start` to `end` meant with the table in this version; undefined where it is not known. */
  find(bytes: Buffer, start: number, end: number, version: number): HeaderList | undefined {
    const hash = (this.#hash = hashOf(bytes, start, end));
    const slot = hash & (slots - 1);
    for (let i = 0; i < 2; i++) {
      const known = this.#known[slot ^ i];
      if (known?.hash === hash && known.version === version && isSame(known.block, bytes, start, end)) {
        return known.list;
      }
    }
    return undefined;
  }

  /**
   * Remembers the block that was looked up last and not found, if it was not found before either. It takes the place of
   * one that means nothing any more, else of one of its two neighbours.
   */
  add(bytes: Buffer, start: number, end: number, { version, list }: Pick<Known, "version" | "list">): void {
    if (end - start > longestBlock) return;
    const hash = this.#hash;
    const slot = hash & (slots - 1);
    const seen = (this.#seen ??= new Int32Array(slots));
    if (seen[slot] !== hash) {
      seen[slot] = hash;
      return;
    }
    if (this.#known.length === 0) this.#known = new Array<Known | undefined>(slots).fill(undefined);
    const isFree = this.#known[slot]?.version !== version;
    const place = isFree ? slot : slot ^ 1;
    this.#known[place] = { hash, version, block: Buffer.from(bytes.subarray(start, end)), list };
  }
}

/** FNV-1a, 31 bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 1;
}

function isSame(block: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (block.length !== end - start) return false;
  for (let i = 0; i < block.length; i++) if (block[i] !== bytes[start + i]) return false;
  return true;
}
