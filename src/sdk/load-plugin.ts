import { Code } from "../protocol/index.js";
import type { Plugin } from "./plugin.js";
import { PluginError } from "./plugin-error.js";

/** Loads a module and gives the plugin that it exports as its default. */
export async function loadPlugin(module: URL): Promise<Plugin> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(module.href)) as { readonly default?: unknown };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(Code.NOT_FOUND, `the plugin's module cannot be loaded: ${why}`, { cause });
  }
  if (isPlugin(loaded.default)) return loaded.default;
  const message = `${module.pathname} exports no plugin: write \`export default definePlugin({ … })\``;
  throw new PluginError(Code.INVALID_ARGUMENT, message);
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
