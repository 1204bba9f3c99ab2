import { definePlugin } from "../../sdk/index.js";
import { config } from "./config.js";
import { openPostgres } from "./operations.js";

/** Keys and values in a table of a PostgreSQL server, statements pipelined. What was acknowledged is committed. */
export default definePlugin({ name: "postgres", version: "1.0.0", config, open: openPostgres });
