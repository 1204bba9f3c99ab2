export { Code, codeFrom, codeName, PrismError, statusOf } from "./errors.js";
export type { ErrorKind, ErrorOptions } from "./errors.js";
