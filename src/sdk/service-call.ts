import { frameMessage, type Stream } from "../wire/index.js";
import type { Call } from "./call.js";
import { MessageCall, type MessageCallSettings } from "./message-call.js";
import type { Operation, UnaryOperation } from "./operation.js";
import { notOne } from "./single-message.js";

/** One call of a method of the plugin's own service. What answers once is a stream of one. */
export class ServiceCall extends MessageCall {
  /** `name` is the method's: "acme.billing.v1.Invoices/Pay". */
  constructor(
    stream: Stream,
    settings: MessageCallSettings & { readonly name: string; readonly method: Operation },
  ) {
    super(stream, settings);
    const { name, method } = settings;
    this.begin(name, method, (requests, call) =>
      method.kind === "streaming" ? method.run(requests, call) : answerOnce(method, requests, call),
    );
  }

  protected override take(message: Buffer): void {
    this.inbox.put(message);
  }

  protected override send(result: Uint8Array): void {
    this.stream.sendData(frameMessage(result), false);
  }

  protected override sendEnd(): void {
    // The last message says nothing of being the last.
  }
}

async function* answerOnce(
  method: UnaryOperation,
  requests: AsyncIterable<Uint8Array>,
  call: Call,
): AsyncIterable<Uint8Array> {
  yield await method.run(await onlyOne(requests), call);
}

async function onlyOne(requests: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let only: Uint8Array | undefined;
  for await (const request of requests) {
    if (only) throw notOne();
    only = request;
  }
  if (!only) throw notOne();
  return only;
}
