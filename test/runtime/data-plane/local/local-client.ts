import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { framed } from "../plugin-stub.js";
import type { RawCall, RawClient, RawResult } from "../raw-client.js";

/** What is not the rule for a call. */
export interface LocalCallOptions {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of a method that Prism answers itself, byte by byte. It names no namespace unless told to. */
export class LocalTestCall<In extends DescMessage, Out extends DescMessage> {
  readonly raw: RawCall;
  readonly #method: DescMethod & { readonly input: In; readonly output: Out };

  constructor(
    client: RawClient,
    method: DescMethod & { readonly input: In; readonly output: Out },
    { path = `/${method.parent.typeName}/${method.name}`, headers = {} }: LocalCallOptions = {},
  ) {
    this.#method = method;
    this.raw = client.call(path, { "prism-namespace": "", ...headers });
  }

  /** Sends one message, and says no more where told so. */
  send(request: MessageInitShape<In>, endStream = false): this {
    this.raw.send(this.framed(request), endStream);
    return this;
  }

  framed(request: MessageInitShape<In>): Buffer {
    const { input } = this.#method;
    return framed(toBinary(input, create(input, request)));
  }

  /** The answers so far. */
  get answers(): MessageShape<Out>[] {
    const all: MessageShape<Out>[] = [];
    const { data } = this.raw;
    for (let at = 0; at + 5 <= data.length;) {
      const end = at + 5 + data.readUInt32BE(at + 1);
      if (end > data.length) break;
      all.push(fromBinary(this.#method.output, data.subarray(at + 5, end)));
      at = end;
    }
    return all;
  }

  /** Resolves when there are so many answers. */
  async untilAnswers(count: number): Promise<MessageShape<Out>[]> {
    while (this.answers.length < count) await new Promise(setImmediate);
    return this.answers;
  }

  get result(): Promise<RawResult> {
    return this.raw.result;
  }
}
