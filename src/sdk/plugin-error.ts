import { type Code, PrismError } from "../protocol/index.js";

/**
 * What an operation, `open` or `check` throws to fail with a code of its choice: one sentence of what went wrong and
 * what to do, which the caller reads as it is, but for the namespace's secrets. Whatever else is thrown is a bug: the caller hears INTERNAL, the log the rest.
 */
export class PluginError extends PrismError {
  constructor(code: Code, message: string, options: { readonly cause?: unknown } = {}) {
    super("operationFailed", message, { code, ...options });
    this.name = "PluginError";
  }
}
