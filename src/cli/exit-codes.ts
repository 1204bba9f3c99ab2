import type { ErrorKind } from "../protocol/index.js";

/** What the exit codes of every command say. */
export const ExitCode = {
  done: 0,
  /** What was asked for failed. */
  failed: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** No runtime answers at the address. */
  unreachable: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** The exit code that a kind of failure has. */
export function exitCodeOf(kind: ErrorKind): number {
  if (kind === "unreachable") return ExitCode.unreachable;
  if (kind === "invalidConfig" || kind === "configRefused" || kind === "operationNotServed")
    return ExitCode.usage;
  if (kind === "cancelled") return ExitCode.interrupted;
  return ExitCode.failed;
}
