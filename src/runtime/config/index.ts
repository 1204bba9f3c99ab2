export type { Config, DeclaredPlugin, ListenAddress, LogSettings, ServerSettings } from "./config.js";
export { loadConfig } from "./load-config.js";
export type { LoadRequest } from "./load-config.js";
export { parseNamespaces, splitNamespaces } from "./parse-namespaces.js";
export type { ApplyOrigin } from "./parse-namespaces.js";
export { ConfigProblems } from "./problems.js";
export type { ConfigProblem } from "./problems.js";
export { resolveSecrets } from "./secrets.js";
export type { SecretProvider, SecretSources } from "./secrets.js";
