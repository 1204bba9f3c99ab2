import type { WireLimits } from "../../model/proxy-messages.js";

/** So many bytes and no more, and what sets them. */
export interface Bound {
  readonly bytes: number;
  /** "server.limits.json_bytes" */
  readonly limit: string;
}

/** What one message in JSON may have: `json_bytes`, or `message_bytes` where that is smaller. */
export function jsonBound({
  jsonBytes,
  messageBytes,
}: Pick<WireLimits, "jsonBytes" | "messageBytes">): Bound {
  return messageBytes > 0 && messageBytes < jsonBytes
    ? { bytes: messageBytes, limit: "server.limits.message_bytes" }
    : { bytes: jsonBytes, limit: "server.limits.json_bytes" };
}
