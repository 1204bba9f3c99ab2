import { Flags } from "@oclif/core";
import { AdminCommand } from "../../cli/admin-command.js";
import type { ChangeView } from "../../cli/views.js";

/** `prism ns apply` */
export default class NamespaceApply extends AdminCommand {
  static override summary = "Declare namespaces from a YAML file: all are taken, or none.";
  static override description =
    "The file holds a `namespaces:` list as prism.yaml does. What is applied stays until `prism ns delete`, over restarts too.";
  static override examples = [
    "<%= config.bin %> ns apply -f orders.yaml",
    "<%= config.bin %> ns apply -f - --dry-run < orders.yaml",
  ];
  static override flags = {
    file: Flags.string({ char: "f", required: true, description: "The YAML file; - reads stdin." }),
    "dry-run": Flags.boolean({ description: "Only tell what would happen." }),
  };

  async run(): Promise<ChangeView[]> {
    const { flags } = await this.parse(NamespaceApply);
    const dryRun = flags["dry-run"];
    const { readText } = await import("../../cli/read-text.js");
    const yaml = await readText(flags.file);

    const changes = await this.withAdmin(flags.admin, (admin) =>
      admin.apply(yaml, { source: flags.file === "-" ? "stdin" : flags.file, dryRun }),
    );

    for (const { name, kind, changedKeys } of changes) {
      const keys = changedKeys.length > 0 ? ` (${changedKeys.join(", ")})` : "";
      this.log(`${name}: ${kind}${keys}${dryRun ? ", not done: dry run" : ""}`);
    }
    return changes;
  }
}
