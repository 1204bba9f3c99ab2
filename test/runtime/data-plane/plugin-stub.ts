import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  type GetResponse,
  GetResponseSchema,
} from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  type ExecuteRequest,
  ExecuteRequestSchema,
  ExecuteResponseSchema,
} from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import {
  type Connection,
  HeaderList,
  serveHttp2,
  serverLimits,
  type Stream,
  type StreamListener,
} from "../../../src/wire/index.js";

/** One call as it reached the plugin. */
export class ReceivedCall implements StreamListener {
  readonly stream: Stream;
  readonly headers: HeaderList;
  /** Bytes of DATA that have come. */
  received = 0;
  /** The sizes of the pieces that DATA came in. */
  ended = false;
  /** How the stream was closed from the other side; undefined while it was not. */
  resetCode: number | undefined;
  readonly closed: Promise<number>;
  readonly #stub: PluginStub;
  readonly #chunks: Buffer[] = [];
  #close: (code: number) => void = () => undefined;

  constructor(stream: Stream, headers: HeaderList, stub: PluginStub) {
    this.stream = stream;
    this.headers = headers;
    this.#stub = stub;
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  /** The gRPC message, behind its header. */
  get framed(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** The message, decoded. */
  get request(): ExecuteRequest {
    return fromBinary(ExecuteRequestSchema, this.framed.subarray(5));
  }

  onHeaders(): void {
    this.#end();
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.received += bytes.length;
    if (this.#stub.keeps) this.#chunks.push(Buffer.from(bytes));
    if (this.#stub.credits) stream.credit(windowBytes);
    this.#stub.onData?.(this);
    if (endStream) this.#end();
  }

  onDrain(): void {
    this.#stub.onDrain?.(this);
  }

  onClose(_stream: Stream, code: number): void {
    this.resetCode = code;
    this.#close(code);
  }

  #end(): void {
    this.ended = true;
    this.#stub.answer(this);
  }
}

const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const ok = new HeaderList(["grpc-status", "0"]);

/** A plugin that a test plays: the wire's own server on a Unix socket, and whatever answer the test wants. */
export class PluginStub {
  readonly calls: ReceivedCall[] = [];
  /** Called when a call's message is complete. */
  answer: (call: ReceivedCall) => void = (call) => answerGet(call, { found: true, value: Buffer.from("v") });
  onData: ((call: ReceivedCall) => void) | undefined;
  onDrain: ((call: ReceivedCall) => void) | undefined;
  /** Called when a call begins. */
  onCall: ((call: ReceivedCall) => void) | undefined;
  /** Whether it keeps what comes, and gives its window back. */
  keeps = true;
  credits = true;
  concurrentStreams = 1000;
  #server: Server | undefined;
  readonly #connections = new Set<Connection>();
  readonly #sockets = new Set<Socket>();

  /** How many connections it has. */
  get connections(): number {
    return this.#connections.size;
  }

  async listen(path: string): Promise<void> {
    this.#server = createServer((socket) => this.#accept(socket)).listen(path);
    await once(this.#server, "listening");
  }

  /** Dies as a killed process does. */
  async die(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** The next call that begins. */
  nextCall(): Promise<ReceivedCall> {
    return new Promise((resolve) => {
      const before = this.onCall;
      this.onCall = (call) => {
        this.onCall = before;
        before?.(call);
        resolve(call);
      };
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    const connection = serveHttp2(
      socket,
      { limits: { ...serverLimits, concurrentStreams: this.concurrentStreams } },
      {
        onRequest: (stream, headers, endStream) => {
          const call = new ReceivedCall(stream, headers, this);
          this.calls.push(call);
          this.onCall?.(call);
          if (endStream) call.onHeaders();
          return call;
        },
        onClose: () => this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
  }
}

/** Answers with bytes as they are, and trailers. */
export function answerRaw({ stream }: ReceivedCall, framed: Uint8Array, trailers: HeaderList = ok): void {
  stream.sendHeaders(head, false);
  if (framed.length > 0) stream.sendData(framed, false);
  stream.sendHeaders(trailers, true);
}

/** Answers with an ExecuteResponse. */
export function answerWith(
  call: ReceivedCall,
  response: MessageInitShape<typeof ExecuteResponseSchema>,
): void {
  answerRaw(call, framed(toBinary(ExecuteResponseSchema, create(ExecuteResponseSchema, response))));
}

/** Answers a `get` as a good plugin does. */
export function answerGet(call: ReceivedCall, { found, value }: Pick<GetResponse, "found" | "value">): void {
  const result = anyPack(GetResponseSchema, create(GetResponseSchema, { found, value }));
  answerWith(call, { success: true, result: { case: "typedResult", value: result } });
}

/** A message behind its gRPC header. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const header = Buffer.from([flag, 0, 0, 0, 0]);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** The response head and trailers of a call that goes well. */
export const replyHead = head;
export const replyOk = ok;
