import { AdminCommand } from "../../cli/admin-command.js";
import { noHeader } from "../../cli/header-flag.js";
import type { NamespaceView } from "../../cli/views.js";

/** `prism ns list` */
export default class NamespaceList extends AdminCommand {
  static override summary = "Tell every namespace, its owner, and whether it is served.";
  static override examples = [
    "<%= config.bin %> ns list",
    "<%= config.bin %> ns list --json | jq '.[].name'",
  ];
  static override flags = { "no-header": noHeader };

  async run(): Promise<NamespaceView[]> {
    const { flags } = await this.parse(NamespaceList);

    const namespaces = await this.withAdmin(flags.admin, (admin) => admin.namespaces());

    const { namespaceTable } = await import("../../cli/tables.js");
    this.log(await namespaceTable(namespaces, { noHeader: flags["no-header"] }));
    return namespaces;
  }
}
