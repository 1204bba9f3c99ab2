import { AdminCommand } from "../../cli/admin-command.js";
import type { InstanceView } from "../../cli/views.js";

/** `prism plugin list` */
export default class PluginList extends AdminCommand {
  static override summary = "Tell every plugin instance: what it serves, its version, state and health.";
  static override examples = ["<%= config.bin %> plugin list"];

  async run(): Promise<InstanceView[]> {
    const { flags } = await this.parse(PluginList);

    const instances = await this.withAdmin(flags.admin, (admin) => admin.instances());

    const { instanceTable } = await import("../../cli/tables.js");
    this.log(instanceTable(instances));
    return instances;
  }
}
