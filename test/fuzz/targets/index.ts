import type { FuzzTarget } from "../fuzz-target.js";
import { clientConnection, serverConnection } from "./connection.js";
import { executeRequest } from "./execute-request.js";
import { frameReader } from "./frame-reader.js";
import { grpcMessages } from "./grpc-messages.js";
import { hpackDecoder } from "./hpack-decoder.js";
import { hpackRoundTrip } from "./hpack-round-trip.js";

/** Everything that is fuzzed. */
export const targets: readonly FuzzTarget[] = [
  frameReader,
  serverConnection,
  clientConnection,
  hpackDecoder,
  hpackRoundTrip,
  grpcMessages,
  executeRequest,
];
