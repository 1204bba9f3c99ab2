import type { MemoryBudget } from "../memory-budget.js";
import type { CallService } from "../serve-call.js";
import type { Exchange } from "./exchange.js";
import { answerFailure } from "./http-failure.js";
import { Holding } from "./holding.js";
import type { HttpLimits } from "./http-limits.js";
import { readHttpRequest } from "./http-request.js";
import { serveKey } from "./key/serve-key.js";
import { serveOperation } from "./operation/serve-operation.js";
import { Serving } from "./serving.js";

/** What serving exchanges needs: shared by all of a process. */
export interface ExchangeService {
  readonly calls: CallService;
  readonly limits: HttpLimits;
  readonly budget: MemoryBudget;
}

/** Serves one exchange, whatever carries it. Never rejects. */
export async function serveExchange(exchange: Exchange, service: ExchangeService): Promise<void> {
  const holding = new Holding(service.budget);
  try {
    await serve(new Serving(exchange, service, holding));
  } catch (reason) {
    await answerFailure(exchange, reason);
  } finally {
    holding.release();
  }
}

function serve(serving: Serving): Promise<void> {
  const request = readHttpRequest(serving.exchange.verb, serving.exchange.target);
  return request.kind === "key" ? serveKey(serving, request) : serveOperation(serving, request);
}
