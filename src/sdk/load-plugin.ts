import { Code } from "../protocol/index.js";
import type { Plugin } from "./plugin.js";
import { PluginError } from "./plugin-error.js";

/**
 * Loads a module and gives the plugin that it exports as its default; that of a CommonJS module, which compilers write
 * as `exports.default`, too.
 */
export async function loadPlugin(module: URL): Promise<Plugin> {
  let loaded: unknown;
  try {
    loaded = await import(module.href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(Code.NOT_FOUND, `the plugin's module cannot be loaded: ${why}`, { cause });
  }
  const exported = defaultOf(loaded);
  // Of a CommonJS module the default is all that it exports.
  const plugin = [exported, defaultOf(exported)].find(isPlugin);
  if (plugin) return plugin;
  const message = `${module.pathname} exports no plugin: write \`export default definePlugin({ … })\``;
  throw new PluginError(Code.INVALID_ARGUMENT, message);
}

function defaultOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "default" in value ? value.default : undefined;
}

function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "version" in value &&
    "open" in value &&
    typeof value.open === "function"
  );
}
