import { fileURLToPath } from "node:url";
import type { Command, Config } from "@oclif/core";
import { captureOutput } from "@oclif/test";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a command printed and how it ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

type CommandClass = (new (argv: string[], config: Config) => Command) & typeof Command;

/** Runs a command of `src/commands` in this process, as oclif would, and tells how it ended. */
export async function runCommand(command: CommandClass, ...argv: string[]): Promise<Ended> {
  const { stdout, stderr, error } = await captureOutput(() => command.run(argv, root));
  const exitCode = error?.oclif?.exit ?? process.exitCode ?? (error ? 1 : 0);
  process.exitCode = undefined;
  return { stdout, stderr: stderr + (error?.message ?? ""), exitCode: Number(exitCode) };
}
