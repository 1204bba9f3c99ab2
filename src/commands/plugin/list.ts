import { AdminCommand } from "../../cli/admin-command.js";
import { noHeader } from "../../cli/header-flag.js";
import type { InstanceView } from "../../cli/views.js";

/** `prism plugin list` */
export default class PluginList extends AdminCommand {
  static override summary = "Tell every plugin instance: what it serves, its version, state and health.";
  static override examples = ["<%= config.bin %> plugin list"];
  static override flags = { "no-header": noHeader };

  async run(): Promise<InstanceView[]> {
    const { flags } = await this.parse(PluginList);

    const instances = await this.withAdmin(flags.admin, (admin) => admin.instances());

    const { instanceTable } = await import("../../cli/tables.js");
    this.log(await instanceTable(instances, { noHeader: flags["no-header"] }));
    return instances;
  }
}
