import { PrismError } from "../protocol/index.js";
import { printable, printableIn } from "../protocol/printable.js";
import { isTerminal } from "./terminal.js";
import type { LedgerView, ReloadStep } from "./views.js";

/** How a reload went, as it is printed for `--json`. */
export interface Reloaded {
  readonly from: string;
  readonly to: string;
  readonly tookMs: number;
  readonly ledger: LedgerView;
}

/** How to show. */
export interface Showing {
  /** Show nothing, only wait for the end. */
  readonly quiet: boolean;
  readonly print: (line: string) => void;
}

const titles = {
  launch: "launch the new instance",
  initialize: "initialize it",
  "health check": "check its health",
  point: "point new calls to it",
  drain: "drain the old instance",
  shutdown: "shut it down",
} as const;
const order = Object.keys(titles);

/** Shows a reload's steps as they are done, as a task list on a terminal and a line each elsewhere, then the ledger. */
export async function showReload(
  steps: AsyncIterable<ReloadStep>,
  { quiet, print }: Showing,
): Promise<Reloaded> {
  const last = await (isTerminal() && !quiet
    ? asTasks(steps)
    : asLines(steps, quiet ? () => undefined : print));
  if (last?.ledger === undefined) {
    throw new PrismError("bug", "the reload ended without its ledger: the runtime's log tells why");
  }
  const { elapsedMs, ledger } = last;
  const { from, to } = printableIn({ from: last.from, to: last.to });
  const { started, completed, failed, cut, lost } = ledger;
  if (!quiet) {
    print(`${from} → ${to} in ${elapsedMs} ms`);
    print(`${started} calls started = ${completed} completed + ${failed} failed + ${cut} cut; ${lost} lost`);
  }
  return { from, to, tookMs: elapsedMs, ledger };
}

async function asLines(
  steps: AsyncIterable<ReloadStep>,
  print: (line: string) => void,
): Promise<ReloadStep | undefined> {
  let last: ReloadStep | undefined;
  for await (const step of steps) {
    last = step;
    if (step.step !== "done") print(`${String(step.elapsedMs).padStart(6)} ms  ${titleOf(step)}`);
  }
  return last;
}

async function asTasks(steps: AsyncIterable<ReloadStep>): Promise<ReloadStep | undefined> {
  const { Listr } = await import("listr2");
  const progress = new Progress(steps);
  const tasks = order.map((step, index) => ({
    title: titleOf({ step, message: "" }),
    task: async (_: unknown, task: { title: string }) => {
      await progress.passed(index);
      if (progress.last?.step === step) task.title = titleOf(progress.last);
    },
  }));
  await new Listr(tasks, { rendererOptions: { showErrorMessage: false } }).run();
  await progress.passed(Infinity);
  return progress.last;
}

/** Reads a reload's steps only as far as somebody waits for. */
class Progress {
  last: ReloadStep | undefined;
  readonly #steps: AsyncIterator<ReloadStep>;
  #ended = false;

  constructor(steps: AsyncIterable<ReloadStep>) {
    this.#steps = steps[Symbol.asyncIterator]();
  }

  /** Resolves once a step of that place in the order, or a later one, is done. */
  async passed(place: number): Promise<void> {
    while (!this.#ended && this.#place() < place) {
      const next = await this.#steps.next();
      if (next.done) this.#ended = true;
      else this.last = next.value;
    }
  }

  #place(): number {
    if (this.last?.step === "done") return order.length;
    return order.indexOf(this.last?.step ?? "");
  }
}

function titleOf({ step, message }: Pick<ReloadStep, "step" | "message">): string {
  const title = isStep(step) ? titles[step] : step === "queued" ? "waited for the reload before" : step;
  return printable(message === "" ? title : `${title} (${message})`);
}

function isStep(step: string): step is keyof typeof titles {
  return Object.hasOwn(titles, step);
}
