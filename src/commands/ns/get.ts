import { Args } from "@oclif/core";
import { AdminCommand } from "../../cli/admin-command.js";
import type { NamespaceView } from "../../cli/views.js";

/** `prism ns get` */
export default class NamespaceGet extends AdminCommand {
  static override summary = "Tell one namespace: its state, its operations and its declaration.";
  static override examples = ["<%= config.bin %> ns get default"];
  static override args = {
    namespace: Args.string({ required: true, ignoreStdin: true, description: "The namespace's name." }),
  };

  async run(): Promise<NamespaceView> {
    const { args, flags } = await this.parse(NamespaceGet);

    const namespace = await this.withAdmin(flags.admin, (admin) => admin.namespace(args.namespace));

    const { namespacePage } = await import("../../cli/tables.js");
    this.log(namespacePage(namespace));
    return namespace;
  }
}
