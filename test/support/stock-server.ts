import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
} from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../../src/protocol/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../src/protocol/gen/google/rpc/status_pb.js";

/** What a method gets beside its request. */
export interface Served {
  readonly headers: Metadata;
  /** Infinity where the caller set none. */
  readonly deadline: Date | number;
  /** Aborts when the caller has left. */
  readonly left: AbortSignal;
}

/** A gRPC server that shares no code with Prism: grpc-js, with messages of the generated types. */
export class StockServer {
  readonly #server = new Server();

  /** Serves a unary method; what `serve` throws is the call's failure. */
  unary<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    serve: (
      request: MessageShape<In>,
      served: Served,
    ) => MessageInitShape<Out> | Promise<MessageInitShape<Out>>,
  ): this {
    const answer: handleUnaryCall<MessageShape<In>, MessageInitShape<Out>> = (call, callback) => {
      const left = new AbortController();
      call.on("cancelled", () => left.abort());
      Promise.resolve()
        .then(() =>
          serve(call.request, { headers: call.metadata, deadline: call.getDeadline(), left: left.signal }),
        )
        .then(
          (response) => callback(null, response),
          (reason: unknown) => callback(reason as ServiceError),
        );
    };
    return this.#register(method, answer, "unary");
  }

  /** Serves a server-streaming method. */
  streaming<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodServerStreaming<In, Out>,
    serve: (request: MessageShape<In>, served: Served) => AsyncIterable<MessageInitShape<Out>>,
  ): this {
    const answer: handleServerStreamingCall<MessageShape<In>, MessageInitShape<Out>> = (call) => {
      const left = new AbortController();
      call.on("cancelled", () => left.abort());
      const write = async (): Promise<void> => {
        for await (const response of serve(call.request, {
          headers: call.metadata,
          deadline: call.getDeadline(),
          left: left.signal,
        })) {
          call.write(response);
        }
        call.end();
      };
      write().catch((reason: unknown) => call.emit("error", reason));
    };
    return this.#register(method, answer, "serverStream");
  }

  /** Serves a method that streams both ways. */
  bidi<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodBiDiStreaming<In, Out>,
    serve: (requests: AsyncIterable<MessageShape<In>>) => AsyncIterable<MessageInitShape<Out>>,
  ): this {
    const answer: handleBidiStreamingCall<MessageShape<In>, MessageInitShape<Out>> = (call) => {
      const write = async (): Promise<void> => {
        // A duplex whose iterator ends is destroyed, answers and all, unless it is told otherwise.
        const requests = call.iterator({ destroyOnReturn: false });
        for await (const response of serve(requests)) call.write(response);
        call.end();
      };
      write().catch((reason: unknown) => call.emit("error", reason));
    };
    return this.#register(method, answer, "bidi");
  }

  /** Listens and tells the address. */
  listen(address = "127.0.0.1:0"): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (reason, port) => {
        if (reason) reject(reason);
        else resolve(address.startsWith("unix:") ? address : `127.0.0.1:${port}`);
      });
    });
  }

  /** Ends at once, cutting what runs. */
  stop(): void {
    this.#server.forceShutdown();
  }

  #register<In extends DescMessage, Out extends DescMessage>(
    { parent, name, input, output }: DescMethod & { readonly input: In; readonly output: Out },
    answer:
      | handleUnaryCall<MessageShape<In>, MessageInitShape<Out>>
      | handleServerStreamingCall<MessageShape<In>, MessageInitShape<Out>>
      | handleBidiStreamingCall<MessageShape<In>, MessageInitShape<Out>>,
    kind: "unary" | "serverStream" | "bidi",
  ): this {
    this.#server.register(
      `/${parent.typeName}/${name}`,
      answer,
      (response: MessageInitShape<Out>) => Buffer.from(toBinary(output, create(output, response))),
      (bytes: Buffer) => fromBinary(input, bytes),
      kind,
    );
    return this;
  }
}

/** A failure as Prism tells it: a status, a sentence, and `google.rpc.ErrorInfo`. */
export function failure(
  code: number,
  message: string,
  { reason, metadata = {} }: { reason: string; metadata?: Record<string, string> },
): Error {
  const info = create(ErrorInfoSchema, { reason, domain: "prism", metadata });
  const status = create(StatusSchema, { code, message, details: [anyPack(ErrorInfoSchema, info)] });
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  return Object.assign(new Error(message), { code, details: message, metadata: trailers });
}
