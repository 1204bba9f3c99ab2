export { largestDeclaration } from "./declaration-limit.js";
export { type DescribedFile, describeFile } from "./described-file.js";
export { Code, codeFrom, codeName, PrismError, statusOf } from "./errors.js";
export type { ErrorKind, ErrorOptions } from "./errors.js";
export {
  grpcHeaderBytes,
  longestGrpcMessage,
  metadataEntries,
  RequestWrapper,
  writeGrpcHeader,
} from "./execute-request.js";
export { ExecuteResponseReader, type Read } from "./execute-response.js";
export { FieldScanner } from "./field-scanner.js";
export { hiddenText, HiddenTexts, nothingHidden } from "./hidden-texts.js";
export { InFlight, type Placed } from "./in-flight.js";
export { httpStatusOf } from "./http-status.js";
export { LineOutlet, type LineSink } from "./line-outlet.js";
export { type JsonBounds, JsonProblem } from "./json/json-problem.js";
export { doubleOf, readNumber } from "./json/json-number.js";
export { JsonReader } from "./json/json-reader.js";
export { isReadObject, type ReadJson } from "./json/json-value.js";
export { bytesAreBase64, messageFromJson, type MessageReading } from "./json/message-from-json.js";
export { messageToJson } from "./json/message-to-json.js";
export { printable, printableIn } from "./printable.js";
export { LoopDelay, loopDelayBucketsMs, type LoopDelays, sumDelays } from "./loop-delay.js";
export { loopFromMessage, messageOfLoop } from "./loop-delay-message.js";
export { makeDirectory } from "./make-directory.js";
export { generousBounds, readJson } from "./json/read-json.js";
export { nearestName } from "./nearest-name.js";
export { SecretPaths } from "./secret-paths.js";
export { serializedFiles } from "./serialized-files.js";
export { isServiceOfPlugins, longestServiceName } from "./service-name.js";
export { statusJson } from "./status-json.js";
export { addressOfToken, operatorTokenField, operatorTokenFile } from "./operator-token.js";
export { errorDomain, statusDetails, statusFrom } from "./status-details.js";
export { StreamSink } from "./stream-sink.js";
export { TimeLimit } from "./time-limit.js";
export { systemCodeOf, systemProblem, type SystemProblem } from "./system-problem.js";
export { textForEyes, textOf } from "./utf8.js";
export { typedMethods, typedOperations, typedServices, typeUrlOf, type TypedMethod } from "./typed-method.js";
