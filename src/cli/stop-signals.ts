import { ExitCode } from "./exit-codes.js";

// npm and the shell both pass a Ctrl-C on: what comes so soon after the first is the same one.
const samePressMs = 500;

/** SIGHUP comes from a terminal that is closed, SIGQUIT from Ctrl-\. */
const orderly = ["SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Node would open a debugger with the one, and die of the other. */
const meaningless = ["SIGUSR1", "SIGUSR2"] as const;

/** How often the shell that `npx` starts is looked after. */
const shellMs = 500;

// A process has one set of signals; whoever asks later must hear of one that came while the program was still loading.
let standing: AbortSignal | undefined;

/**
 * Aborts with the first signal that asks for an orderly stop: SIGTERM, SIGHUP, SIGQUIT or SIGINT. A second SIGINT ends the
 * process at once, with exit code 130. Asked again it is the same one.
 */
export function stopSignal(): AbortSignal {
  return (standing ??= standBy());
}

function standBy(): AbortSignal {
  const stop = new AbortController();
  let interruptedAt: number | undefined;
  for (const signal of orderly) process.on(signal, () => stop.abort());
  for (const signal of meaningless) process.on(signal, () => undefined);
  if (process.env["npm_lifecycle_event"] === "npx") followShell(stop);
  process.on("SIGINT", () => {
    const now = performance.now();
    interruptedAt ??= now;
    if (now - interruptedAt > samePressMs) process.exit(ExitCode.interrupted);
    stop.abort();
  });
  return stop.signal;
}

/** `npx` hands a SIGTERM to a shell, which dies of it and tells nobody: that it is gone is the signal. */
function followShell(stop: AbortController): void {
  const shell = process.ppid;
  const look = setInterval(() => {
    if (process.ppid !== shell) stop.abort();
    if (stop.signal.aborted) clearInterval(look);
  }, shellMs).unref();
}

/** Resolves once the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
