import type { MemoryBudget } from "../common/memory-budget.js";
import type { CallService } from "../call/serve-call.js";
import type { HttpLimits } from "./http-limits.js";
import type { OpenApi } from "./openapi/openapi-document.js";
import type { Turns } from "./turns.js";

/** What serving exchanges needs: shared by all of a process. */
export interface ExchangeService {
  readonly calls: CallService;
  readonly limits: HttpLimits;
  readonly budget: MemoryBudget;
  readonly openApi: OpenApi;
  /** Whether no new calls are taken any more. */
  readonly isStopping: () => boolean;
  readonly turns: Turns;
}
