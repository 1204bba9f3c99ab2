export type { CallOptions } from "./call-options.js";
export { connect, PrismClient } from "./prism-client.js";
export { KeyValueClient } from "./key-value-client.js";
export type { Target } from "./dialler.js";
export { Code, codeName, type ErrorKind, PrismError } from "../protocol/index.js";
