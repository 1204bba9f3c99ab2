import type { RefusalReason } from "../common/peer-refusals.js";

/** What came of bytes that node:http could not make a request of. */
export interface ClientFault {
  readonly reason: RefusalReason;
  readonly message: string;
}
