export { type Config, ConfigProblems, loadConfig } from "./config/index.js";
export type { NamespaceOverview, RuntimeStatus } from "./control-plane/overview.js";
export { type Runtime, startRuntime } from "./runtime.js";
export type { StartOptions, StartProgress } from "./start-options.js";
