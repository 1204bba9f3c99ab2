import {
  create,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyPack, anyUnpack, StructSchema } from "@bufbuild/protobuf/wkt";
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { fromJson } from "@bufbuild/protobuf";
import * as pb from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";

const service = "/prism.plugin.BackendPlugin/";
const callMs = 20_000;

/** What a call may say beside its message. */
export interface CallOptions {
  readonly namespace?: string;
  /** Undefined = the right one. */
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An answer and the trailers that came with it. */
export interface Answered<M> {
  readonly message: M;
  readonly trailers: Metadata;
}

/** An operation's failure, as the body told it. */
export class OperationError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Speaks the plugin protocol over a Unix socket with grpc-js: nothing of Prism's own wire. */
export class PluginClient implements Disposable {
  readonly #client: Client;
  readonly #token: string;

  constructor(socket: string, token: string) {
    const options = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), options);
    this.#token = token;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  initialize(
    namespace: string,
    config: JsonObject,
    more: MessageInitShape<typeof pb.InitializeRequestSchema> = {},
    options: CallOptions = {},
  ): Promise<pb.InitializeResponse> {
    const request = {
      namespace,
      config: anyPack(StructSchema, fromJson(StructSchema, config)),
      ...more,
    };
    return this.#call("Initialize", pb.InitializeRequestSchema, pb.InitializeResponseSchema, request, {
      namespace,
      ...options,
    }).then(({ message }) => message);
  }

  async health(namespace: string): Promise<pb.HealthCheckResponse> {
    const { HealthCheckRequestSchema, HealthCheckResponseSchema } = pb;
    const { message } = await this.#call(
      "HealthCheck",
      HealthCheckRequestSchema,
      HealthCheckResponseSchema,
      {},
      { namespace },
    );
    return message;
  }

  async shutdown(namespace: string): Promise<pb.ShutdownResponse> {
    const { ShutdownRequestSchema, ShutdownResponseSchema } = pb;
    const { message } = await this.#call(
      "Shutdown",
      ShutdownRequestSchema,
      ShutdownResponseSchema,
      {},
      { namespace },
    );
    return message;
  }

  /** Any Execute, with its trailers. */
  execute(
    request: MessageInitShape<typeof pb.ExecuteRequestSchema>,
    options: CallOptions = {},
  ): Promise<Answered<pb.ExecuteResponse>> {
    return this.#call("Execute", pb.ExecuteRequestSchema, pb.ExecuteResponseSchema, request, options);
  }

  /** Bytes that may be no message at all. */
  async executeBytes(bytes: Uint8Array, options: CallOptions = {}): Promise<Answered<Buffer>> {
    return this.#unary("Execute", Buffer.from(bytes), options);
  }

  /** One operation over typed messages. Rejects with an OperationError where the operation failed. */
  async run<In extends DescMessage, Out extends DescMessage>(
    {
      namespace,
      operation,
      request,
      response,
    }: { namespace: string; operation: string; request: In; response: Out },
    params: MessageInitShape<In>,
    options: CallOptions = {},
  ): Promise<MessageShape<Out>> {
    const typedParams = anyPack(request, create(request, params));
    const { message } = await this.execute(
      { operation, params: { case: "typedParams", value: typedParams } },
      { namespace, ...options },
    );
    if (!message.success) throw new OperationError(message.errorCode, message.error);
    const result =
      message.result.case === "typedResult" ? anyUnpack(message.result.value, response) : undefined;
    if (!result) throw new Error(`${operation} answered no ${response.typeName}`);
    return result;
  }

  stream(
    options: CallOptions = {},
  ): ClientDuplexStream<Message<typeof pb.StreamRequestSchema>, pb.StreamResponse> {
    return this.#client.makeBidiStreamRequest(
      `${service}ExecuteStream`,
      (request: Message<typeof pb.StreamRequestSchema>) =>
        Buffer.from(toBinary(pb.StreamRequestSchema, create(pb.StreamRequestSchema, request))),
      (bytes) => fromBinary(pb.StreamResponseSchema, bytes),
      this.#metadata(options),
      { deadline: Date.now() + (options.timeoutMs ?? callMs) },
    );
  }

  async #call<In extends DescMessage, Out extends DescMessage>(
    method: string,
    request: In,
    response: Out,
    init: MessageInitShape<In>,
    options: CallOptions,
  ): Promise<Answered<MessageShape<Out>>> {
    const { message, trailers } = await this.#unary(
      method,
      toBinary(request, create(request, init)),
      options,
    );
    return { message: fromBinary(response, message), trailers };
  }

  #unary(method: string, bytes: Uint8Array, options: CallOptions): Promise<Answered<Buffer>> {
    return new Promise((resolve, reject) => {
      let message: Buffer | undefined;
      const call = this.#client.makeUnaryRequest(
        service + method,
        (sent: Uint8Array) => Buffer.from(sent),
        (received) => received,
        bytes,
        this.#metadata(options),
        { deadline: Date.now() + (options.timeoutMs ?? callMs) },
        (error: ServiceError | null, answer?: Buffer) => {
          if (error) reject(error);
          else message = answer;
        },
      );
      options.signal?.addEventListener("abort", () => call.cancel());
      call.on("status", ({ metadata }) =>
        setImmediate(() => message && resolve({ message, trailers: metadata })),
      );
    });
  }

  #metadata({ namespace = "", token = this.#token, metadata = {} }: CallOptions): Metadata {
    const sent = new Metadata();
    if (namespace !== "") sent.set("prism-namespace", namespace);
    if (token !== "") sent.set("prism-plugin-token", token);
    for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
    return sent;
  }
}

type Message<Schema extends DescMessage> = MessageInitShape<Schema>;
