export { type Config, ConfigProblems, loadConfig } from "./config/index.js";
export type { NamespaceOverview, RuntimeStatus } from "./control-plane/overview.js";
export { type Runtime, type StartOptions, type StartProgress, startRuntime } from "./runtime.js";
