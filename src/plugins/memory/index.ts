import { definePlugin } from "../../sdk/index.js";
import { config } from "./config.js";
import { openMemory } from "./operations.js";

/** Keys and values in the plugin's own memory: fast, bounded, gone when its instance ends. */
export default definePlugin({ name: "memory", version: "1.0.0", config, open: openMemory });
