import { AdminCommand } from "../cli/admin-command.js";
import { ExitCode } from "../cli/exit-codes.js";
import type { StatusView } from "../cli/views.js";

/** `prism status` */
export default class Status extends AdminCommand {
  static override summary =
    "Tell what listens, what runs and how it fares; fails where a namespace is not served, or a problem stands.";
  static override examples = ["<%= config.bin %> status"];

  async run(): Promise<StatusView> {
    const { flags } = await this.parse(Status);

    const status = await this.withAdmin(flags.admin, (admin) => admin.status());

    const { statusPage } = await import("../cli/tables.js");
    this.log(await statusPage(status));
    if (!status.ready || status.problems.length > 0) process.exitCode = ExitCode.failed;
    return status;
  }
}
