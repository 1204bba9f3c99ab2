import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

const bin = new URL("../../bin/run.js", import.meta.url).pathname;

/** What a run of `prism` wrote and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How `prism` is run. */
export interface RunOptions {
  /** What it reads on stdin; undefined leaves stdin open. */
  readonly input?: string | undefined;
  readonly cwd?: string;
  /** Another bin/run.js than that of this checkout. */
  readonly program?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Hears of the process while it runs. */
  readonly meanwhile?: (child: ChildProcess) => Promise<void>;
}

/** Runs the built `prism` to its end, its output piped. */
export async function runProgram(
  argv: readonly string[],
  { input, cwd = process.cwd(), program = bin, env = {}, meanwhile }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...argv], { env: { ...process.env, ...env }, cwd });
  const exited = once(child, "close");
  if (input !== undefined) child.stdin.end(input);
  const written = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    await meanwhile?.(child);
    await exited;
  } finally {
    child.kill("SIGKILL");
  }
  const [stdout, stderr] = await written;
  return { code: child.exitCode, stdout, stderr };
}
