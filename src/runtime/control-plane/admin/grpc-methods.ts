import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { PrismError } from "../../../protocol/index.js";

/** A method of a gRPC service, from bytes to bytes. */
export interface ServedMethod {
  /** "/prism.admin.v1.Admin/GetStatus" */
  readonly path: string;
  /** Whether it changes something, or looks where only Prism's own user may. */
  readonly isAct: boolean;
  /** Sends each message of its answer. Rejects where it fails. The work goes on where the client leaves: only nobody hears it. */
  readonly serve: (request: Uint8Array, send: (message: Uint8Array) => void) => Promise<void>;
}

/** Hears of failures that nobody foresaw. */
export type OnBug = (method: string, reason: unknown) => void;

/** A method that only tells. */
export function reading<In extends DescMessage, Out extends DescMessage>(
  method: DescMethodUnary<In, Out>,
  answer: (request: MessageShape<In>) => MessageInitShape<Out> | Promise<MessageInitShape<Out>>,
): ServedMethod {
  return { path: pathOf(method), isAct: false, serve: single(method, answer) };
}

/** A method that changes something. */
export function act<In extends DescMessage, Out extends DescMessage>(
  method: DescMethodUnary<In, Out>,
  answer: (request: MessageShape<In>) => Promise<MessageInitShape<Out>>,
): ServedMethod {
  return { path: pathOf(method), isAct: true, serve: single(method, answer) };
}

/** A method that changes something, and tells how it goes on. */
export function lastingAct<In extends DescMessage, Out extends DescMessage>(
  method: DescMethodServerStreaming<In, Out>,
  answer: (request: MessageShape<In>, send: (message: MessageInitShape<Out>) => void) => Promise<void>,
): ServedMethod {
  return {
    path: pathOf(method),
    isAct: true,
    serve: (request, send) =>
      answer(decode(method.input, request), (message) => send(encode(method.output, message))),
  };
}

function single<In extends DescMessage, Out extends DescMessage>(
  method: DescMethodUnary<In, Out>,
  answer: (request: MessageShape<In>) => MessageInitShape<Out> | Promise<MessageInitShape<Out>>,
): ServedMethod["serve"] {
  return async (request, send) => send(encode(method.output, await answer(decode(method.input, request))));
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

function decode<In extends DescMessage>(schema: In, bytes: Uint8Array): MessageShape<In> {
  try {
    return fromBinary(schema, bytes);
  } catch (reason) {
    throw new PrismError("invalidRequest", `the request is no ${schema.typeName}`, { cause: reason });
  }
}

function encode<Out extends DescMessage>(schema: Out, message: MessageInitShape<Out>): Uint8Array {
  return toBinary(schema, create(schema, message));
}
