import { Code, PluginError } from "../../sdk/index.js";

/** A write that would take more memory than the namespace may have. */
export function full(maxBytes: number): PluginError {
  const message = `the namespace is full: it holds at most ${maxBytes} bytes; delete keys or raise config.max_bytes`;
  return new PluginError(Code.RESOURCE_EXHAUSTED, message);
}
