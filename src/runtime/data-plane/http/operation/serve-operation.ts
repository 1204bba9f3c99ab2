import { typedOperations } from "../../../../protocol/index.js";
import { mediaTypeOf } from "../exchange.js";
import type { OperationRequest } from "../http-request.js";
import type { Serving } from "../serving.js";
import { linesType, streamTypes } from "./media-types.js";
import { pluginOperation } from "./plugin-operation.js";
import { serveStream, streamPath } from "./serve-stream.js";
import { serveUnary } from "./serve-unary.js";
import { typedOperation } from "./typed-operation.js";

/**
 * Serves an operation whose parameters and results are JSON: those of the typed services with their own messages, any
 * other with the plugin protocol's. What streams is what the plugin says streams; where it does not tell, what the
 * client asks to.
 */
export async function serveOperation(serving: Serving, request: OperationRequest): Promise<void> {
  const { namespace, operation } = request;
  const typed = typedOperations.get(operation);
  if (typed) return serveUnary(serving, namespace, typedOperation(typed));
  serving.checkHead(serving.headersFor(namespace, streamPath));
  const { streaming = asksForStream(serving) } = serving.service.routes.find(namespace).operation(operation);
  return streaming
    ? serveStream(serving, request)
    : serveUnary(serving, namespace, pluginOperation(operation));
}

function asksForStream({ exchange }: Serving): boolean {
  const accepted = (exchange.header("accept") ?? "").split(",").map(mediaTypeOf);
  const isAccepted = streamTypes.some((type) => accepted.includes(type));
  return isAccepted || mediaTypeOf(exchange.header("content-type")) === linesType;
}
