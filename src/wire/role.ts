import type { HeaderList } from "./header-list.js";
import type { Refusal } from "./refusal.js";
import type { Side } from "./settings.js";

/** What a connection does in one way as a client, and in another as a server. */
export interface Role {
  readonly side: Side;
  /** A header block for a stream; undefined where it was larger than our limits. */
  onBlock(stream: number, headers: HeaderList | undefined, endStream: boolean): void;
  /** The peer takes, or opens, no new streams; those above `lastStream` it has not looked at. */
  onGoaway(lastStream: number, reason: string): void;
  /** A stream has ended, or the peer's SETTINGS have changed: there may be room for more. */
  onRoom(): void;
  /** The peer was refused a stream, or the connection. */
  onRefused(refusal: Refusal, message: string): void;
  /** The connection is gone, and every stream has heard it. */
  onGone(reason: string): void;
}
