import { definePlugin } from "../../sdk/index.js";
import { config } from "./config.js";
import { openSqlite } from "./operations.js";

/** Keys and values in one SQLite file: the embedded default. What was acknowledged is on disk. */
export default definePlugin({ name: "sqlite", version: "1.0.0", config, open: openSqlite });
