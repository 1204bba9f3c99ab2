import { createHash } from "node:crypto";
import type { Code } from "../../sdk/index.js";

/** What PostgreSQL's error codes (SQLSTATE) mean, and what to do. */
export type Meanings = Readonly<Record<string, readonly [code: Code, sentence: string]>>;

/** What a statement's parameter may be. */
export type Value =
  string | number | bigint | boolean | Uint8Array | null | readonly (string | number | Uint8Array | null)[];

/** A statement and the rows it answers. */
export interface Statement<Row extends readonly unknown[]> {
  /** By which the server keeps it prepared: what it does and a hash of its text, so no two statements share one. Empty = never prepared. */
  readonly name: string;
  readonly text: string;
  /** Whether it changes anything: then what a broken connection leaves behind is unknown. */
  readonly writes: boolean;
  /** What errors mean of this one in particular. */
  readonly meanings: Meanings;
  /** Only for the compiler: what a row is. */
  readonly row?: Row;
}

/** A statement that changes nothing. */
export function reads<Row extends readonly unknown[]>(name: string, text: string): Statement<Row> {
  return { name: nameOf(name, text), text, writes: false, meanings: {} };
}

/** A statement that changes something. */
export function writes<Row extends readonly unknown[]>(
  name: string,
  text: string,
  meanings: Meanings = {},
): Statement<Row> {
  return { name: nameOf(name, text), text, writes: true, meanings };
}

function nameOf(act: string, text: string): string {
  return act === "" ? "" : `prism_${act}_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
}
