import { PrismError } from "../../../protocol/index.js";
import type { MemoryBudget } from "../common/memory-budget.js";

/** What one exchange holds of what all together may hold. */
export class Holding {
  readonly #budget: MemoryBudget;
  #bytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Holds so many bytes more. Throws where all together hold too many. */
  take(bytes: number): void {
    if (!this.#budget.take(bytes)) {
      const limit = "server.limits.http_held_bytes";
      const message = `bodies over HTTP of this and other requests hold more than ${limit} allows: try again, or use gRPC`;
      throw new PrismError("overLimit", message, { info: { limit } });
    }
    this.#bytes += bytes;
  }

  /** Holds so many bytes less. */
  give(bytes: number): void {
    this.#budget.give(bytes);
    this.#bytes -= bytes;
  }

  /** Holds nothing any more. */
  release(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }
}
