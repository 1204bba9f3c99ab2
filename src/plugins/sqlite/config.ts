import { z } from "../../sdk/index.js";

/** What a namespace on `sqlite` may set. */
export const config = z.strictObject({
  /** The database file; a relative path begins at the namespace's data directory. Several namespaces may share one. */
  path: z.string().min(1).default("data.sqlite"),
  /** How long a write waits for another process that holds the database's lock; reads do not wait. */
  busy_timeout_ms: z.int().min(0).max(60_000).default(5000),
  /** How often expired keys are swept out. They are never seen, swept or not. */
  sweep_interval_ms: z.int().min(10).default(10_000),
});
