import { PrismError } from "../../../protocol/index.js";
import type { Log } from "../../model/log.js";

/** A failure as one of ours. What nobody foresaw says that the log has the details, so the log gets them. */
export function foreseen(reason: unknown, log: Log, where: string): PrismError {
  const error = PrismError.from(reason);
  if (error.kind === "bug") {
    const cause = error.cause ?? reason;
    const told = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    log.error("something happened that nobody foresaw", { where, reason: told });
  }
  return error;
}
