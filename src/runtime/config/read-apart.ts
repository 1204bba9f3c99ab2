import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { largestDeclaration, PrismError, systemCodeOf, TimeLimit } from "../../protocol/index.js";
import { installed } from "../model/installed.js";
import type { Config } from "./config.js";
import type { ConfigOrigin } from "./parse-config.js";
import { aboutTheFile, ConfigProblems } from "./problems.js";
import {
  type DeclarationText,
  type ParsedDeclaration,
  type ReadingJob,
  type ReadingOutcome,
  runReadingJob,
} from "./reading-job.js";
import type { ApplyOrigin } from "./parse-namespaces.js";
import { tooLarge } from "./read-text.js";

/** Up to so many characters are read on the spot: that takes some milliseconds, where a thread takes a hundred to start. */
const onTheSpot = 2_048;
/** What reading may cost: nesting and lists make much of little. */
export interface ReadingBounds {
  readonly mostMs: number;
  readonly mostMiB: number;
}

const usualBounds: ReadingBounds = { mostMs: 60_000, mostMiB: 512 };

/** The built thread. The same from source and from dist. */
const thread = installed("dist/runtime/config/reading-thread.js");

/**
 * A whole configuration of a text, read in a thread of its own unless it is short, so that no other work of this process
 * waits for it. Rejects with {@link ConfigProblems}; also where it takes too much memory or time.
 */
export async function readConfig(text: string, origin: ConfigOrigin): Promise<Config> {
  const env = { PATH: origin.env["PATH"] };
  const job = { kind: "config", text, origin: { ...origin, env } } as const;
  const outcome = await read(job, { length: text.length, source: origin.source, bounds: usualBounds });
  if (outcome.kind !== "config") throw problemsOf(outcome);
  return { ...outcome.config, namespaces: outcome.items };
}

/** Texts to apply, each with its namespaces or its problems. Read as {@link readConfig} reads. */
export async function readDeclarations(
  texts: readonly DeclarationText[],
  origin: Omit<ApplyOrigin, "source">,
  bounds = usualBounds,
): Promise<(readonly ParsedDeclaration[] | ConfigProblems)[]> {
  const large = texts.map(({ yaml, source }) =>
    Buffer.byteLength(yaml) > largestDeclaration ? aboutTheFile(source, tooLarge) : undefined,
  );
  const fit = texts.filter((_, index) => large[index] === undefined);
  const read = (await readTexts(fit, origin, bounds)).values();
  return large.map((problem) => problem ?? read.next().value ?? []);
}

async function readTexts(
  texts: readonly DeclarationText[],
  origin: Omit<ApplyOrigin, "source">,
  bounds: ReadingBounds,
): Promise<(readonly ParsedDeclaration[] | ConfigProblems)[]> {
  const job = { kind: "texts", texts, origin: { ...origin, env: { PATH: origin.env["PATH"] } } } as const;
  const length = texts.reduce((sum, { yaml }) => sum + yaml.length, 0);
  const outcome = await read(job, { length, source: texts[0]?.source ?? "", bounds });
  if (outcome.kind === "texts") {
    let from = 0;
    return outcome.texts.map((told) => {
      if ("problems" in told) return new ConfigProblems(told.problems);
      from += told.count;
      return outcome.items.slice(from - told.count, from);
    });
  }
  if (texts.length === 1) return [problemsOf(outcome)];
  // One of them costs too much, or all do together.
  const each: (readonly ParsedDeclaration[] | ConfigProblems)[] = [];
  for (const text of texts) each.push(...(await readTexts([text], origin, bounds)));
  return each;
}

function problemsOf(outcome: ReadingOutcome): ConfigProblems {
  return new ConfigProblems(outcome.kind === "problems" ? outcome.problems : []);
}

/** How much there is to read, what it is called, and what that may cost. */
interface Reading {
  readonly length: number;
  readonly source: string;
  readonly bounds: ReadingBounds;
}

async function read(job: ReadingJob, { length, source, bounds }: Reading): Promise<ReadingOutcome> {
  if (length <= onTheSpot) return runReadingJob(job);
  using limit = new TimeLimit(bounds.mostMs);
  const worker = new Worker(thread, {
    workerData: job,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: bounds.mostMiB },
  });
  try {
    return await collect(worker, limit.signal);
  } catch (reason) {
    const why = limit.signal.aborted
      ? `expected what is read in ${bounds.mostMs / 1000} s, got more; ${remedy}`
      : systemCodeOf(reason) === "ERR_WORKER_OUT_OF_MEMORY"
        ? `expected what is read in ${bounds.mostMiB} MiB of memory, got more; ${remedy}`
        : undefined;
    if (why === undefined) throw reason;
    return { kind: "problems", problems: aboutTheFile(source, why).problems };
  } finally {
    await worker.terminate();
  }
}

const remedy = "make it smaller, or apply it in parts";

/** Takes in what a thread tells: its head, and batch after batch, each in a turn of its own. */
async function collect(worker: Worker, signal: AbortSignal): Promise<ReadingOutcome> {
  const ended = endOf(worker);
  const next = async (): Promise<unknown> => {
    const message = once(worker, "message", { signal }) as Promise<readonly unknown[]>;
    const [told] = await Promise.race([message, ended]);
    return told;
  };
  // What comes is what reading-thread.ts sends.
  const { total, ...head } = (await next()) as { total: number; kind: ReadingOutcome["kind"] };
  const items: unknown[] = [];
  while (items.length < total) {
    const told = next();
    worker.postMessage("more");
    items.push(...((await told) as readonly unknown[]));
  }
  return { ...head, items } as unknown as ReadingOutcome;
}

async function endOf(worker: Worker): Promise<never> {
  // Whoever waits for a message hears of an error; here it must only not be taken for a crash.
  worker.on("error", () => undefined);
  const code = await new Promise<number>((resolve) => worker.once("exit", resolve));
  throw new PrismError("bug", `the thread that reads a declaration ended early (${code})`);
}
