import type { z } from "zod";
import { Code, nearestName } from "../protocol/index.js";
import { PluginError } from "./plugin-error.js";

/** Holds a `config` section against the plugin's schema; what does not fit is told all at once, as one sentence for the operator. */
export function checkConfig<Config extends z.ZodType>(schema: Config, config: unknown): z.output<Config> {
  const checked = schema.safeParse(config);
  if (checked.success) return checked.data;
  const known = "shape" in schema ? Object.keys(schema.shape as object) : [];
  const problems = checked.error.issues.map((issue) => {
    const key = ["config", ...issue.path].join(".");
    const said = `${key}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
    const isKnown = issue.code === "unrecognized_keys" && issue.path.length === 0;
    const meant = isKnown ? issue.keys.flatMap((each) => nearestName(each, known) ?? []) : [];
    return meant.length === 0 ? said : `${said}, did you mean ${meant.join(", ")}?`;
  });
  throw new PluginError(Code.INVALID_ARGUMENT, `the config does not fit the plugin: ${problems.join("; ")}`);
}
