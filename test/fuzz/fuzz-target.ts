import fc from "fast-check";

/** What a target is made of: inputs, and what must hold of each. Inputs are plain JSON, so that one can be kept in a file. */
export interface FuzzedThing<Input> {
  readonly name: string;
  readonly input: fc.Arbitrary<Input>;
  /** How many inputs `npm test` tries, twice. About half a second's worth. */
  readonly testRuns: number;
  /** Brings up what the checks share. */
  open(): Promise<OpenedThing<Input>> | OpenedThing<Input>;
}

/** A target that is up. */
export interface OpenedThing<Input> {
  /** Throws where a promise is broken. */
  check(input: Input): Promise<void> | void;
  close?(): Promise<void> | void;
}

/** How far a run goes. */
export interface RunSettings {
  readonly seed: number;
  readonly runs: number;
  /** Ends it before; absent = never. */
  readonly milliseconds?: number;
  /** Goes straight to where a seed has failed. */
  readonly path?: string;
  /** Past failures, tried first. */
  readonly kept?: readonly KeptInput[];
}

/** An input that broke a promise once. */
export interface KeptInput {
  readonly why: string;
  readonly input: unknown;
}

/** What came of a run. */
export interface RunResult {
  readonly runs: number;
  readonly failure: string | undefined;
}

/** Something that is fuzzed, whatever its inputs are. */
export interface FuzzTarget {
  readonly name: string;
  readonly testRuns: number;
  run(settings: RunSettings): Promise<RunResult>;
}

/** Makes a target. */
export function fuzzTarget<Input>(thing: FuzzedThing<Input>): FuzzTarget {
  return { name: thing.name, testRuns: thing.testRuns, run: (settings) => runThing(thing, settings) };
}

async function runThing<Input>(thing: FuzzedThing<Input>, settings: RunSettings): Promise<RunResult> {
  const { seed, runs, milliseconds, path, kept = [] } = settings;
  const opened = await thing.open();
  try {
    for (const { why, input } of kept) {
      const failure = await failureOf(opened, input as Input);
      if (failure !== undefined)
        return { runs: 0, failure: `a kept input fails again (${why}):\n${failure}` };
    }
    const property = fc.asyncProperty(thing.input, async (input) => opened.check(input));
    const details = await fc.check(property, {
      seed,
      numRuns: runs,
      ...(path !== undefined && { path }),
      ...(milliseconds !== undefined && { interruptAfterTimeLimit: milliseconds }),
    });
    return { runs: details.numRuns, failure: details.failed ? tell(thing.name, details) : undefined };
  } finally {
    await opened.close?.();
  }
}

async function failureOf<Input>(opened: OpenedThing<Input>, input: Input): Promise<string | undefined> {
  try {
    await opened.check(input);
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

/** What failed, by which input, and how it is tried again. */
function tell<Input>(name: string, details: fc.RunDetails<[Input]>): string {
  const { seed, counterexamplePath, counterexample, errorInstance } = details;
  const path = counterexamplePath === null ? "" : ` --path ${counterexamplePath}`;
  const input = counterexample === null ? "none" : JSON.stringify(counterexample[0]);
  return [
    textOf(errorInstance),
    `input: ${input}`,
    `again: npm run fuzz -- --only ${name} --seed ${seed}${path}`,
    `keep:  add {"why": "…", "input": …} to test/fuzz/kept/${name}.json`,
  ].join("\n");
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
