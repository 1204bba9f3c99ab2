import type { ClientFault } from "./client-fault.js";
import type { Fields } from "../common/fields.js";
import type { RequestBody } from "./request-body.js";

/**
 * One HTTP request and its answer: all that a door needs to know, whether HTTP/1.1 or HTTP/2 carries it. Both ways
 * bytes flow as fast as the other side takes them.
 */
export interface Exchange {
  readonly verb: string;
  /** Path and query, as the client coded them. */
  readonly target: string;
  readonly body: RequestBody;
  /** Aborts when the client leaves before its answer is complete. */
  readonly left: AbortSignal;
  /** Whether the head of the answer is out. */
  readonly begun: boolean;
  /** The client is refused for what it does to the connection: counted, and told to the log. */
  readonly onFault: (fault: ClientFault) => void;
  /** The request's fields: names in lower case, and values, in turn. */
  readonly fields: readonly string[];
  /** A request field by its name in lower case; undefined where there is none. */
  header(name: string): string | undefined;
  /** Sends the head of the answer. */
  begin(status: number, fields: Fields): void;
  /** Sends some of the answer's body; resolves when there is room for more, or nobody is there any more. To HEAD none is sent. */
  write(bytes: Uint8Array): Promise<void>;
  /** The answer is complete. */
  end(): void;
  /** Ends an answer that has begun so that the client sees that it is not whole. */
  breakOff(): void;
}

/** The media type of a field such as content-type, without its parameters. */
export function mediaTypeOf(field: string | undefined): string {
  return (field ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
