import { Errors } from "@oclif/core";
import { ExitCode } from "./exit-codes.js";

/** The command was used wrongly; the message says how it is used. */
export function usageError(message: string): Errors.CLIError {
  return new Errors.CLIError(message, { exit: ExitCode.usage });
}

/** Tells of wrong usage as every failure is told: one line on stderr, or JSON on stdout. The process ends with its exit code. */
export async function tellUsageError(
  message: string,
  { isJson }: { readonly isJson: boolean },
): Promise<void> {
  process.exitCode = ExitCode.usage;
  if (isJson) {
    // The fields of every failure, with the code of INVALID_ARGUMENT.
    const told = { error: { kind: "usage", code: 3, message, info: {} } };
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  const { palette } = await import("./terminal.js");
  process.stderr.write(`${palette(process.stderr).red("prism:")} ${message}\n`);
}
