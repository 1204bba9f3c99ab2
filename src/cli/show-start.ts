import { EventEmitter, once } from "node:events";
import { printable } from "../protocol/printable.js";
import { isTerminal } from "./terminal.js";

/** A step of a start, as the runtime tells it. */
export type StartStep =
  | { readonly step: "listening" | "proxies" }
  | {
      readonly step: "namespace";
      readonly name: string;
      readonly state: "starting" | "ready" | "failed";
      readonly reason: string;
    };

/**
 * Shows the steps of `start` as a task list on a terminal, and nothing elsewhere: the log tells them too. The list moves
 * no cursor, for the log writes between its lines.
 */
export async function showStart<T>(start: (hear: (step: StartStep) => void) => Promise<T>): Promise<T> {
  if (!isTerminal()) return start(() => undefined);
  const { Listr } = await import("listr2");
  const steps = new EventEmitter();
  const [listening, proxies] = [once(steps, "listening"), once(steps, "proxies")];
  const started = start((step) => steps.emit(step.step, step));

  const tasks = new Listr(
    [
      { title: "listen", task: () => Promise.race([listening, started]) },
      { title: "launch the data plane", task: () => Promise.race([proxies, started]) },
      {
        title: "start the namespaces",
        task: async (_, task) => {
          steps.on("namespace", (told: StartStep) => (task.output = describe(told)));
          await started;
        },
      },
    ],
    { renderer: "simple" },
  );
  // How it failed is told by `started`.
  await tasks.run().catch(() => undefined);
  return started;
}

function describe(told: StartStep): string {
  if (told.step !== "namespace") return told.step;
  return printable([`${told.name} ${told.state}`, told.reason].filter(Boolean).join(": "));
}
