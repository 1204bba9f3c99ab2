import { PrismError } from "../protocol/index.js";
import { frameMessage, type Stream } from "../wire/index.js";
import { type Envelope, readEnvelope } from "./envelope.js";
import { MessageCall, type MessageCallSettings } from "./message-call.js";
import type { StreamingOperation } from "./operation.js";
import type { Served, ServedNamespace } from "./served-namespace.js";
import { paramsOf } from "./execute-message.js";

/** StreamResponse{is_final: true}: the end of every stream that ends in order. */
const finalMessage = frameMessage(Buffer.from([0x18, 0x01]));

/** One ExecuteStream: the first message names the operation, and every message that carries parameters is one request. */
export class StreamingCall extends MessageCall {
  readonly #served: ServedNamespace;
  #found: Served<StreamingOperation> | undefined;

  constructor(stream: Stream, settings: MessageCallSettings) {
    super(stream, settings);
    this.#served = settings.served;
  }

  protected override take(message: Buffer): void {
    const envelope = envelopeOf(message);
    this.#found ??= this.#begin(envelope.operation);
    if (envelope.params !== "none") this.inbox.put(paramsOf(this.#found.operation, envelope, message));
  }

  protected override send(result: Uint8Array): void {
    if (!this.#found) return;
    const { head, body } = this.#found.writer.wrap(result);
    this.stream.sendData(head, false);
    if (body.length > 0) this.stream.sendData(body, false);
  }

  protected override sendEnd(): void {
    this.stream.sendData(finalMessage, false);
  }

  #begin(name: string): Served<StreamingOperation> {
    const found = (this.#found = this.#served.streaming(name));
    this.begin(name, found.operation, (requests, call) => found.operation.run(requests, call));
    return found;
  }
}

function envelopeOf(message: Buffer): Envelope {
  try {
    return readEnvelope(message, 0, message.length);
  } catch (cause) {
    if (cause instanceof PrismError) throw cause;
    throw new PrismError(
      "invalidRequest",
      "the message is no prism.plugin.StreamRequest: it does not parse",
      {
        cause,
      },
    );
  }
}
