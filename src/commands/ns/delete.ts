import { Args } from "@oclif/core";
import { AdminCommand } from "../../cli/admin-command.js";

/** `prism ns delete` */
export default class NamespaceDelete extends AdminCommand {
  static override summary = "End a namespace that was applied; its data stays in the backend.";
  static override examples = ["<%= config.bin %> ns delete orders"];
  static override args = {
    namespace: Args.string({ required: true, ignoreStdin: true, description: "The namespace's name." }),
  };

  async run(): Promise<{ cut: number }> {
    const { args, flags } = await this.parse(NamespaceDelete);

    const deleted = await this.withAdmin(flags.admin, (admin) => admin.deleteNamespace(args.namespace));

    this.log(`${args.namespace}: deleted, ${deleted.cut} calls cut`);
    return deleted;
  }
}
