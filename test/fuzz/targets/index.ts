import type { FuzzTarget } from "../fuzz-target.js";
import { base64 } from "./base64.js";
import { clientConnection, serverConnection } from "./connection.js";
import { executeRequest } from "./execute-request.js";
import { executeResponse } from "./execute-response.js";
import { frameReader } from "./frame-reader.js";
import { frameSecondOpinion } from "./frame-second-opinion.js";
import { grpcMessages } from "./grpc-messages.js";
import { hpackDecoder } from "./hpack-decoder.js";
import { hpackRoundTrip } from "./hpack-round-trip.js";
import { hpackSecondOpinion } from "./hpack-second-opinion.js";
import { httpRequest } from "./http-request.js";
import { http1Door } from "./http1-door.js";
import { jsonNumbers } from "./json-numbers.js";
import { jsonReader } from "./json-reader.js";
import { proxyHeader } from "./proxy-header.js";
import { sessionSecondOpinion } from "./session-second-opinion.js";
import { streamTable } from "./stream-table.js";

/** Everything that is fuzzed. */
export const targets: readonly FuzzTarget[] = [
  ...[frameReader, streamTable, serverConnection, clientConnection],
  ...[hpackDecoder, hpackRoundTrip, hpackSecondOpinion, frameSecondOpinion, sessionSecondOpinion],
  ...[grpcMessages, executeRequest, executeResponse, jsonReader, jsonNumbers],
  ...[proxyHeader, httpRequest, http1Door, base64],
];
