import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  status,
  type StatusObject,
} from "@grpc/grpc-js";
import { PrismError, statusFrom } from "../../../protocol/index.js";
import { StatusSchema } from "../../../protocol/gen/google/rpc/status_pb.js";

/** What of a failure fits in trailers, which many clients take up to 8 KiB of; the message stands in them twice. */
const longestMessage = 2_500;

const grpcStatuses = Object.values(status).filter((known) => typeof known === "number");

/** A method of a gRPC service: grpc-js sees bytes, whoever answers sees messages. */
export interface ServedMethod {
  readonly name: string;
  readonly definition: MethodDefinition<Buffer, Buffer>;
  readonly serve: handleUnaryCall<Buffer, Buffer> | handleServerStreamingCall<Buffer, Buffer>;
}

/** Hears of failures that nobody foresaw. */
export type OnBug = (method: string, reason: unknown) => void;

/** Serves a unary method. What the answer throws becomes a status with its details. */
export function unary<In extends DescMessage, Out extends DescMessage>(
  method: DescMethodUnary<In, Out>,
  answer: (request: MessageShape<In>) => Promise<MessageInitShape<Out>>,
): (onBug: OnBug) => ServedMethod {
  return (onBug) => ({
    name: method.name,
    definition: definitionOf(method),
    serve: ({ request }, callback) => {
      const run = async (): Promise<Buffer> =>
        encode(method.output, await answer(decode(method.input, request)));
      run().then(
        (bytes) => callback(null, bytes),
        (reason: unknown) => callback(toResponse(reason, () => onBug(method.name, reason))),
      );
    },
  });
}

/** Serves a method that answers with a stream. The answer goes on where the client leaves: only nobody hears it. */
export function serverStream<In extends DescMessage, Out extends DescMessage>(
  method: DescMethodServerStreaming<In, Out>,
  answer: (request: MessageShape<In>, send: (message: MessageInitShape<Out>) => void) => Promise<void>,
): (onBug: OnBug) => ServedMethod {
  return (onBug) => ({
    name: method.name,
    definition: definitionOf(method),
    serve: (call: Parameters<handleServerStreamingCall<Buffer, Buffer>>[0]) => {
      const run = async (): Promise<void> =>
        answer(decode(method.input, call.request), (message) => {
          if (!call.cancelled) call.write(encode(method.output, message));
        });
      run().then(
        () => call.end(),
        (reason: unknown) =>
          call.emit(
            "error",
            toResponse(reason, () => onBug(method.name, reason)),
          ),
      );
    },
  });
}

function definitionOf(method: DescMethodUnary | DescMethodServerStreaming): MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function decode<In extends DescMessage>(schema: In, bytes: Buffer): MessageShape<In> {
  try {
    return fromBinary(schema, bytes);
  } catch (reason) {
    throw new PrismError("invalidRequest", `the request is no ${schema.typeName}`, { cause: reason });
  }
}

function encode<Out extends DescMessage>(schema: Out, message: MessageInitShape<Out>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, message)));
}

function toResponse(reason: unknown, onBug: () => void): Partial<StatusObject> {
  const error = shortened(PrismError.from(reason));
  if (error.kind === "bug") onBug();
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, statusFrom(error))));
  const code = grpcStatuses.find((known: number) => known === error.code) ?? status.UNKNOWN;
  return { code, details: error.message, metadata };
}

function shortened(error: PrismError): PrismError {
  const { kind, code, info, cause, message } = error;
  if (message.length <= longestMessage) return error;
  const short = `${message.slice(0, longestMessage)}\n… and more; the runtime's log has all of it`;
  return new PrismError(kind, short, { code, info, cause });
}
