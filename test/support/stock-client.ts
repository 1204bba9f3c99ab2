import {
  create,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type ChannelOptions, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { KeyValue } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";

/** What a test may set for a call of the stock client. */
export interface CallSettings {
  readonly namespace?: string;
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A gRPC client that shares no code with Prism: grpc-js, with messages of the generated types. */
export class StockClient {
  readonly #client: Client;

  constructor(address: string, options: ChannelOptions = {}, security = credentials.createInsecure()) {
    this.#client = new Client(address, security, {
      ...options,
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.initial_reconnect_backoff_ms": 20,
      "grpc.max_reconnect_backoff_ms": 100,
    });
  }

  /** One unary call; rejects with grpc-js's own ServiceError. */
  unary<M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M["input"]>,
    { namespace = "default", deadlineMs = 15_000, metadata = {} }: CallSettings = {},
  ): Promise<MessageShape<M["output"]>> {
    const headers = new Metadata();
    if (namespace !== "") headers.set("prism-namespace", namespace);
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<M["input"]>) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        create(method.input, request) as MessageShape<M["input"]>,
        headers,
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, response?: unknown) =>
          error ? reject(error) : resolve(response as MessageShape<M["output"]>),
      );
    });
  }

  /** Writes text under a key. */
  async set(key: string, value: string, settings?: CallSettings): Promise<void> {
    await this.unary(KeyValue.method.set, { key, value: Buffer.from(value) }, settings);
  }

  /** Reads a key as text; undefined where it is not there. */
  async get(key: string, settings?: CallSettings): Promise<string | undefined> {
    const { found, value } = await this.unary(KeyValue.method.get, { key }, settings);
    return found ? Buffer.from(value).toString() : undefined;
  }

  close(): void {
    this.#client.close();
  }
}

/** The service's methods, for tests that name one. */
export const keyValueMethods = KeyValue.method satisfies DescService["method"];
