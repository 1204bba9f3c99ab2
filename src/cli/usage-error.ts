import { Errors } from "@oclif/core";
import { ExitCode } from "./exit-codes.js";

/** The command was used wrongly; the message says how it is used. */
export function usageError(message: string): Errors.CLIError {
  return new Errors.CLIError(message, { exit: ExitCode.usage });
}
