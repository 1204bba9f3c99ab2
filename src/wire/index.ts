export { callUnary, type CallRequest, GrpcError, type OpenCall, openCall } from "./call.js";
export type { Backlog } from "./backlog.js";
export { type ConnectOptions, connectHttp2 } from "./client.js";
export { copyBytes } from "./copy-bytes.js";
export { ErrorCode } from "./error-code.js";
export { http2Preface, readUint32 } from "./frame.js";
export {
  decodeGrpcMessage,
  encodeGrpcMessage,
  formatTimeout,
  parseTimeout,
  statusFromHttp,
  statusFromReset,
} from "./grpc-status.js";
export { Gathered } from "./gathered.js";
export { HeaderList } from "./header-list.js";
export { connectFault, headFault, type NoRequest } from "./http1-head.js";
export { clientLimits, type Limits, serverLimits } from "./limits.js";
export { frameMessage, messageHeadBytes, MessageError, MessageReader } from "./message-reader.js";
export type { LimitName, Refusal } from "./refusal.js";
export { type ServeOptions, serveHttp2 } from "./server.js";
export { doubledField, singleFields } from "./single-fields.js";
export { TextAnswer } from "./text-answer.js";
export { beginsTls } from "./tls-hello.js";
export type * from "./types.js";
