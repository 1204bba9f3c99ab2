import { Args, Flags, loadHelpClass } from "@oclif/core";
import { PrismCommand } from "../cli/base-command.js";
import { whyNoCommand } from "../cli/find-command.js";
import { usageError } from "../cli/usage-error.js";

/** `prism help` */
export default class Help extends PrismCommand {
  static override summary = "Tell what there is, or how one command is used.";
  static override examples = ["<%= config.bin %> help", "<%= config.bin %> help ns apply"];
  static override enableJsonFlag = false;
  static override strict = false;
  static override args = {
    command: Args.string({ description: "The command.", ignoreStdin: true }),
  };
  static override flags = {
    "nested-commands": Flags.boolean({ char: "n", description: "Tell the commands of every topic too." }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Help);
    const words = argv.map(String);

    const why = whyNoCommand(words, this.config);
    if (why !== undefined) throw usageError(why);

    const Shown = await loadHelpClass(this.config);
    await new Shown(this.config, { all: flags["nested-commands"] }).showHelp(words);
  }
}
