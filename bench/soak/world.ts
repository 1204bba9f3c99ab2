import { codeFrom, codeName, PrismError } from "../../src/protocol/index.js";
import { GrpcError } from "../../src/wire/index.js";
import type { Book } from "./book.js";
import type { Writes } from "./writes.js";

/** What every caller of the soak knows. */
export interface World {
  /** host:port for clients. */
  readonly address: string;
  readonly book: Book;
  readonly writes: Writes;
  /** Whether to go on. */
  readonly going: () => boolean;
}

/** The namespaces that are served: durable keys, keys in memory, and the soak's own plugin. */
export const namespaces = { store: "store", cache: "cache", echo: "echo" } as const;

/** A namespace of the soak. */
export type NamespaceName = (typeof namespaces)[keyof typeof namespaces];

/** A call before it is made. Whoever holds the signal's other end may leave it. */
export interface About {
  readonly kind: string;
  readonly namespace: NamespaceName;
  readonly signal?: AbortSignal;
}

/** Runs one call and writes down how it ended. Undefined where it failed, or was left. */
export async function call<T>({ book }: World, about: About, run: () => Promise<T>): Promise<T | undefined> {
  const attempt = book.begin(about.kind, about.namespace);
  try {
    const result = await run();
    book.succeed(attempt);
    return result;
  } catch (reason) {
    if (about.signal?.aborted) book.leave();
    else book.fail(attempt, codeOf(reason), reason instanceof Error ? reason.message : String(reason));
    return undefined;
  }
}

function codeOf(reason: unknown): string {
  const isCall = reason instanceof PrismError || reason instanceof GrpcError;
  return isCall ? codeName(codeFrom(reason.code)) : "no status";
}

/** Lets some milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
