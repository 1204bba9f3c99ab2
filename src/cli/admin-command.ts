import { address } from "./address-flag.js";
import type { AdminClient } from "./admin-client.js";
import { PrismCommand } from "./base-command.js";

/** A command that asks a running Prism. */
export abstract class AdminCommand extends PrismCommand {
  static override baseFlags = {
    admin: address({
      description: "Where the runtime's admin API listens: host:port, or unix:/path.",
      default: "127.0.0.1:50052",
      env: "PRISM_ADMIN",
      helpGroup: "GLOBAL",
    }),
  };

  /** Lends a client of the admin API for as long as `use` takes. */
  protected async withAdmin<T>(at: string, use: (admin: AdminClient) => Promise<T>): Promise<T> {
    const { AdminClient } = await import("./admin-client.js");
    const admin = new AdminClient(at, process.env["PRISM_ADMIN_TOKEN"] || undefined);
    try {
      return await use(admin);
    } finally {
      admin.close();
    }
  }
}
