import { PrismError } from "../../protocol/index.js";

/** Waits for a promise at most so long; whether it came. A rejection passes through. */
export async function withinMs(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a promise until the signal aborts, then rejects with a PrismError of that sentence. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  sentence: () => string,
): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new PrismError("pluginAway", sentence()));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (stop) signal.removeEventListener("abort", stop);
  }
}
