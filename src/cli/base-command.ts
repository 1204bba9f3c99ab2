import { Command, Errors, type Interfaces, ux } from "@oclif/core";
import type { PrismError } from "../protocol/index.js";
import { printable } from "../protocol/printable.js";
import { ExitCode, exitCodeOf } from "./exit-codes.js";
import { markValues, unmarked } from "./flag-values.js";
import { assertTextArguments } from "./text-arguments.js";
import { tellUsageError } from "./usage-error.js";

/**
 * What every command of Prism does alike: `--json`, values that look like flags, Ctrl-C, and telling what went wrong with
 * the exit code that fits.
 */
export abstract class PrismCommand extends Command {
  static override enableJsonFlag = true;

  /** A Ctrl-C that nobody else hears ends the command, and its exit code says so. */
  protected override async init(): Promise<void> {
    await super.init();
    assertTextArguments();
    process.on("SIGINT", endInterrupted);
  }

  /** How it takes what has no flag, for those who look for one. */
  protected get elsewhere(): string {
    return "";
  }

  protected override async finally(error: Error | undefined): Promise<unknown> {
    process.off("SIGINT", endInterrupted);
    return super.finally(error);
  }

  protected override async parse<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(options?: Interfaces.Input<F, B, A>, argv = this.argv): Promise<Interfaces.ParserOutput<F, B, A>> {
    const given = this.argv;
    const parsed = await super.parse(
      options,
      markValues(argv, { ...this.ctor.baseFlags, ...this.ctor.flags }),
    );
    this.argv = given;
    unmarked(parsed.flags);
    return parsed;
  }

  /** Prints a foreseen failure as one line on stderr, or as JSON on stdout. What nobody foresaw is left to oclif. */
  protected override async catch(error: Error & { exitCode?: number }): Promise<unknown> {
    if (error instanceof Errors.ExitError) throw error;
    if (error instanceof Errors.CLIError) return this.#tellUsage(error);
    if (!isPrismError(error)) return super.catch(error);
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error));
    else await this.#tell(error);
    return this.exit(exitCodeOf(error.kind));
  }

  /** JSON may stand on a terminal as well; what would steer it is escaped. */
  override logJson(json: unknown): void {
    ux.stdout(printable(JSON.stringify(json, null, 2)));
  }

  protected override toErrorJson(error: unknown): unknown {
    if (!isPrismError(error)) return super.toErrorJson(error);
    const { kind, code, message, info } = error;
    return { error: { kind, code, message, info } };
  }

  async #tell({ message }: PrismError): Promise<void> {
    const { palette } = await import("./terminal.js");
    this.logToStderr(`${palette(process.stderr).red("prism:")} ${printable(message)}`);
  }

  /** Whatever a command refuses before it has asked anybody is wrong usage. */
  async #tellUsage(error: Errors.CLIError): Promise<never> {
    const { usageSentence } = await import("./usage-sentence.js");
    const called = [this.config.bin, ...(this.id ?? "").split(":")].join(" ");
    const flags = { ...this.ctor.baseFlags, ...this.ctor.flags, json: {} };
    await tellUsageError(usageSentence(error, { called, flags, elsewhere: this.elsewhere }), {
      isJson: this.jsonEnabled(),
    });
    return this.exit(ExitCode.usage);
  }
}

/** What the command itself does at a Ctrl-C goes before. */
function endInterrupted(): void {
  if (process.listenerCount("SIGINT") === 1) process.exit(ExitCode.interrupted);
}

// By its fields: to import the class would load the protocol's messages for every `--help`.
function isPrismError(error: unknown): error is PrismError {
  return error instanceof Error && "kind" in error && "reason" in error && "info" in error;
}
