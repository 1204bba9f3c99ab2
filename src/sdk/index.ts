export { z } from "zod";
export { Code, makeDirectory, PrismError } from "../protocol/index.js";
export type * from "../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
export { addToNumber } from "./add-to-number.js";
export { type AnswerRoom, answerTooLarge, entriesOf } from "./answer-size.js";
export type { Call } from "./call.js";
export { expiryOf, maxKeyBytes, prefixEnd } from "./key-rules.js";
export { keyValue, type KeyValueBackend } from "./key-value.js";
export type { Log, LogFields } from "./log.js";
export {
  type Eventually,
  type Operation,
  streaming,
  type StreamingOperation,
  type StreamingSettings,
  type Traits,
  unary,
  type UnaryOperation,
  type UnarySettings,
} from "./operation.js";
export {
  type BackendCounters,
  definePlugin,
  type Health,
  type OpenContext,
  type OpenNamespace,
  type Plugin,
  type PluginDefinition,
} from "./plugin.js";
export { PluginError } from "./plugin-error.js";
export { listenWith, protocolVersion, serve, type ServedPlugin, type ServeOptions } from "./serve.js";
export type { ScannedEntry, ScanQuery } from "./scan-page.js";
export type { Answered, Given, Shape } from "./shape.js";
