import type { z } from "zod";
import { Code } from "../protocol/index.js";
import { PluginError } from "./plugin-error.js";

/** Holds a `config` section against the plugin's schema; what does not fit is told all at once, as one sentence for the operator. */
export function checkConfig<Config extends z.ZodType>(schema: Config, config: unknown): z.output<Config> {
  const checked = schema.safeParse(config);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map(({ path, message }) => {
    const key = ["config", ...path].join(".");
    return `${key}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  });
  throw new PluginError(Code.INVALID_ARGUMENT, `the config does not fit the plugin: ${problems.join("; ")}`);
}
