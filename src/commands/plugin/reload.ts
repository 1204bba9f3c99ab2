import { Args, Flags } from "@oclif/core";
import { AdminCommand } from "../../cli/admin-command.js";
import { ExitCode } from "../../cli/exit-codes.js";
import type { Reloaded } from "../../cli/show-reload.js";

/** `prism plugin reload` */
export default class PluginReload extends AdminCommand {
  static override summary = "Replace a namespace's plugin instance without losing a call.";
  static override description =
    "The old instance serves until the new one is ready; a version that does not start changes nothing. Ends with the ledger of the old instance's calls, and fails where one is lost.";
  static override examples = [
    "<%= config.bin %> plugin reload default",
    "<%= config.bin %> plugin reload default --json | jq .ledger",
  ];
  static override args = {
    namespace: Args.string({ required: true, ignoreStdin: true, description: "Whose plugin to replace." }),
  };
  static override flags = {
    version: Flags.string({
      description: "The version to go to; the same again where none is named.",
      default: "",
    }),
  };

  async run(): Promise<Reloaded> {
    const { args, flags } = await this.parse(PluginReload);
    const { showReload } = await import("../../cli/show-reload.js");

    const reloaded = await this.withAdmin(flags.admin, (admin) =>
      showReload(admin.reload(args.namespace, flags.version), {
        quiet: this.jsonEnabled(),
        print: (line) => this.log(line),
      }),
    );

    if (reloaded.ledger.lost > 0) process.exitCode = ExitCode.failed;
    return reloaded;
  }
}
