export type { Config, ListenAddress, LogSettings, TlsSettings, UnixSocketSettings } from "./config.js";
export { loadConfig } from "./load-config.js";
export { parseNamespaces, splitNamespaces } from "./parse-namespaces.js";
export { ConfigProblems } from "./problems.js";
export { resolveSecrets } from "./secrets.js";
export { readDeclarations } from "./read-apart.js";
export type { DeclarationText, ParsedDeclaration } from "./reading-job.js";
