import { Command, Errors } from "@oclif/core";
import type { PrismError } from "../protocol/index.js";
import { ExitCode, exitCodeOf } from "./exit-codes.js";

/** What every command of Prism does alike: `--json`, and telling what went wrong with the exit code that fits. */
export abstract class PrismCommand extends Command {
  static override enableJsonFlag = true;

  /** Prints a foreseen failure as one line on stderr, or as JSON on stdout. What nobody foresaw is left to oclif. */
  protected override async catch(error: Error & { exitCode?: number }): Promise<unknown> {
    if (error instanceof Errors.ExitError) throw error;
    if (!isPrismError(error)) {
      if (error instanceof Errors.CLIError) process.exitCode ??= error.oclif.exit ?? ExitCode.failed;
      return super.catch(error);
    }
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error));
    else await this.#tell(error);
    return this.exit(exitCodeOf(error.kind));
  }

  protected override toErrorJson(error: unknown): unknown {
    if (!isPrismError(error)) return super.toErrorJson(error);
    const { kind, code, message, info } = error;
    return { error: { kind, code, message, info } };
  }

  async #tell({ message }: PrismError): Promise<void> {
    const { palette } = await import("./terminal.js");
    this.logToStderr(`${palette(process.stderr).red("prism:")} ${message}`);
  }
}

// By its fields: to import the class would load the protocol's messages for every `--help`.
function isPrismError(error: unknown): error is PrismError {
  return error instanceof Error && "kind" in error && "reason" in error && "info" in error;
}
