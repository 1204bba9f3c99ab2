import {
  type Command,
  Config,
  Errors,
  flush,
  handle,
  type Interfaces,
  loadHelpClass,
  Plugin,
} from "@oclif/core";
import { ExitCode } from "./exit-codes.js";
import { findCommand, whyNoCommand } from "./find-command.js";
import { tellUsageError } from "./usage-error.js";

/** The command line. */
export interface Program {
  /** What stands behind the program's name. */
  readonly argv: readonly string[];
  /** The directory of package.json and of the commands' manifest. */
  readonly root: string;
  /** Loads a command's class by its id, "ns:list". */
  readonly load: (id: string) => Promise<Command.Class>;
}

/**
 * Runs the command that `argv` names, or shows help or the version; ends the process where that fails, with the exit code
 * that fits. Nothing is loaded but what the command needs: other packages' commands only where all are asked for.
 */
export async function runProgram(program: Program): Promise<void> {
  try {
    const own = await ownCommands(program);
    const words = wordsOf(program.argv);
    const config = await Config.load({ root: program.root, plugins: asPlugins([own]) });
    const { id } = findCommand(words, config) ?? {};
    await (id === undefined || id === "help"
      ? act(program.argv, await withPackages(program, own))
      : act(program.argv, config));
    await flush();
  } catch (reason) {
    await end(reason);
  }
}

async function ownCommands({ root, load }: Program): Promise<Plugin> {
  const own = new Plugin({ root, isRoot: true, type: "core" });
  await own.load();
  for (const command of own.commands) {
    command.load = async () => Object.assign(await load(command.id), { id: command.id, plugin: own });
  }
  return own;
}

/** The commands of other packages too: completion. */
async function withPackages({ root }: Program, own: Plugin): Promise<Config> {
  const config = await Config.load({ root, userPlugins: false, devPlugins: false });
  const others = config.getPluginsList().filter(({ name }) => name !== own.name);
  return Config.load({ root, plugins: asPlugins([own, ...others]) });
}

function asPlugins(plugins: readonly Interfaces.Plugin[]): Map<string, Interfaces.Plugin> {
  return new Map(plugins.map((plugin) => [plugin.name, plugin]));
}

async function act(argv: readonly string[], config: Config): Promise<void> {
  const words = wordsOf(argv);
  const isJson = argv.includes("--json");
  const why = whyNoCommand(words, config);
  if (why !== undefined) return tellUsageError(why, { isJson });

  const [first] = argv;
  if (first === "--version") return void process.stdout.write(`${config.userAgent}\n`);
  const command = findCommand(words, config);
  if (!command || asksForHelp(argv)) {
    if (first?.startsWith("-") === true && !asksForHelp(argv))
      return tellUsageError(`there is no flag ${first}: \`${config.bin} help\` tells what there is`, {
        isJson,
      });
    const Help = await loadHelpClass(config);
    return new Help(config, {}).showHelp([...argv]);
  }
  await config.runCommand(command.id, argv.slice(command.length));
}

/** What stands before the first flag. */
function wordsOf(argv: readonly string[]): readonly string[] {
  const flag = argv.findIndex((each) => each.startsWith("-"));
  return flag < 0 ? argv : argv.slice(0, flag);
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--help");
}

/** oclif prints what went wrong and ends the process; what it tells of a reader that has left is nothing. */
async function end(reason: unknown): Promise<void> {
  const error =
    reason instanceof Error ? reason : new Errors.CLIError(String(reason), { exit: ExitCode.failed });
  await handle(error);
}
