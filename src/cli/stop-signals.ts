import { ExitCode } from "./exit-codes.js";

// npm and the shell both pass a Ctrl-C on: what comes so soon after the first is the same one.
const samePressMs = 500;

/**
 * Aborts with the first SIGTERM or SIGINT, which ask for an orderly stop. A second SIGINT ends the process at once, with
 * exit code 130.
 */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let interruptedAt: number | undefined;
  process.on("SIGTERM", () => stop.abort());
  process.on("SIGINT", () => {
    const now = performance.now();
    interruptedAt ??= now;
    if (now - interruptedAt > samePressMs) process.exit(ExitCode.interrupted);
    stop.abort();
  });
  return stop.signal;
}

/** Resolves once the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
