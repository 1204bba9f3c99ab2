import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { PrismError } from "../../../protocol/index.js";
import { noMessage, secondMessage } from "../common/message-failures.js";

/** Where a conversation's answers go. */
export interface Answers {
  /** Some of what was sent waits for the client to read. */
  readonly isFull: boolean;
  send(message: Uint8Array): void;
  /** Ends the call well, or with a failure. */
  end(error?: PrismError): void;
}

/** What Prism says in one call that it answers itself. Whatever a step throws ends the call with it. */
export interface Conversation {
  /** One message of the client's. Comes only while the answers are not full. */
  onMessage(message: Buffer): void;
  /** The client says no more. */
  onEnd(): void;
  /** The client has read what it was sent. */
  onRead(): void;
  /** Prism is on its way out: the last word, before the call is ended. */
  onShutdown(): void;
  /** The call is over, however it ended. Called once. */
  onClose(): void;
}

/** A unary call: one message there, one back. */
export class OneAnswer implements Conversation {
  readonly #answers: Answers;
  readonly #answer: (message: Buffer) => Uint8Array;
  #message: Buffer | undefined;

  constructor(answers: Answers, answer: (message: Buffer) => Uint8Array) {
    this.#answers = answers;
    this.#answer = answer;
  }

  onMessage(message: Buffer): void {
    if (this.#message) throw secondMessage();
    this.#message = message;
  }

  onEnd(): void {
    if (!this.#message) throw noMessage();
    this.#answers.send(this.#answer(this.#message));
    this.#answers.end();
  }

  onRead(): void {
    // It has nothing more to say.
  }

  onShutdown(): void {
    // The client has not finished asking.
  }

  onClose(): void {
    // It holds nothing.
  }
}

/** Decodes a client's message. */
export function decode<M extends DescMessage>(schema: M, message: Buffer): MessageShape<M> {
  try {
    return fromBinary(schema, message);
  } catch (cause) {
    const sentence = `the message is no ${schema.typeName}: it does not parse`;
    throw new PrismError("invalidRequest", sentence, { cause });
  }
}
