import { banner, type Running } from "./banner.js";
import { pathOf } from "./path-of.js";
import { showStart, type StartStep } from "./show-start.js";
import { aborted, stopSignal } from "./stop-signals.js";

/** What is served: started, looked at, stopped. */
export interface Service {
  status(): Promise<Running>;
  stop(): Promise<void>;
}

/** How to start it, and who tells that it serves. */
export interface Serving {
  readonly start: (hear: (step: StartStep) => void, signal: AbortSignal) => Promise<Service>;
  /** What the program is called where it is installed. */
  readonly program: string;
  readonly announce: (running: Running, banner: string) => void;
}

/** Serves until a signal asks for an orderly stop; it may also come while Prism starts, or before. */
export async function serve({ start, program, announce }: Serving): Promise<void> {
  const signal = stopSignal();
  if (signal.aborted) return;
  const service = await showStart((hear) => start(hear, signal)).catch((reason: unknown) => {
    // A start that was interrupted has undone itself.
    if (signal.aborted) return undefined;
    throw reason;
  });
  if (!service) return;
  const running = await service.status();
  announce(running, banner(running, pathOf(program)));
  await aborted(signal);
  await service.stop();
}
