import { PrismError } from "../../../protocol/index.js";
import { checkFields } from "./check-fields.js";
import type { Exchange } from "./exchange.js";
import type { ExchangeService } from "./exchange-service.js";
import { answerFailure } from "./http-failure.js";
import { Holding } from "./holding.js";
import { readHttpRequest } from "./http-request.js";
import { serveKey } from "./key/serve-key.js";
import { serveOperation } from "./operation/serve-operation.js";
import { serveNamespace, serveNamespaces } from "./serve-namespaces.js";
import { Serving } from "./serving.js";

/** Serves one exchange, whatever carries it. Never rejects. */
export async function serveExchange(exchange: Exchange, service: ExchangeService): Promise<void> {
  const holding = new Holding(service.budget);
  try {
    await serve(new Serving(exchange, service, holding), service);
  } catch (reason) {
    await answerFailure(exchange, reason);
  } finally {
    holding.release();
  }
}

function serve(serving: Serving, { openApi, isStopping }: ExchangeService): Promise<void> {
  const request = readHttpRequest(serving.exchange.verb, serving.exchange.target);
  checkFields(serving.exchange, request);
  switch (request.kind) {
    case "key":
      return serveKey(serving, request);
    case "operation":
      return serveOperation(serving, request);
    case "namespace":
      return serveNamespace(serving, request.namespace);
    case "namespaces":
      return serveNamespaces(serving);
    case "liveness":
      return serving.answerJson({ status: "alive" });
    case "readiness":
      return serveReadiness(serving, isStopping());
    case "openapi":
      return serving.answerJson(openApi.document);
  }
}

/** For load balancers: whether this process takes calls. Which namespaces are served is told elsewhere. */
function serveReadiness(serving: Serving, isStopping: boolean): Promise<void> {
  if (isStopping) throw new PrismError("shuttingDown", "this Prism is being stopped: ask another one");
  return serving.answerJson({ status: "ready" });
}
