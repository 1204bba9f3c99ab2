import { once } from "node:events";
import { connect } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ErrorInfo, ErrorInfoSchema } from "../../../src/protocol/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../../src/protocol/gen/google/rpc/status_pb.js";
import {
  type ClientConnection,
  type ClosedBy,
  connectHttp2,
  decodeGrpcMessage,
  HeaderList,
  type Stream,
  type StreamListener,
} from "../../../src/wire/index.js";

/** How a call ended. */
export interface RawResult {
  /** Empty where the call was reset before any answer. */
  readonly headers: HeaderList;
  /** The same as `headers` where the answer is trailers only. */
  readonly trailers: HeaderList;
  readonly data: Buffer;
  readonly status: string | undefined;
  readonly message: string;
  readonly info: ErrorInfo | undefined;
  readonly resetCode: number;
}

/** One call whose every byte the test decides. */
export class RawCall implements StreamListener {
  readonly stream: Stream;
  readonly result: Promise<RawResult>;
  headers = new HeaderList([]);
  trailers = new HeaderList([]);
  received = 0;
  /** Whether it gives back the window of what comes. */
  reads = true;
  readonly #data: Buffer[] = [];
  #owed = 0;
  #settle: (result: RawResult) => void = () => undefined;

  constructor(connection: ClientConnection, headers: HeaderList, endStream = false) {
    this.result = new Promise((resolve) => (this.#settle = resolve));
    this.stream = connection.open(headers, endStream, this);
  }

  /** What has come, up to a MiB. */
  get data(): Buffer {
    return Buffer.concat(this.#data);
  }

  /** Sends bytes, and ends the call unless told otherwise. */
  send(bytes: Uint8Array, endStream = true): this {
    this.stream.sendData(bytes, endStream);
    return this;
  }

  /** Gives back what it owes, and reads from now on. */
  resume(): void {
    this.reads = true;
    this.stream.credit(this.#owed);
    this.#owed = 0;
  }

  onHeaders(_stream: Stream, headers: HeaderList, endStream: boolean): void {
    if (headers.get(":status") !== undefined) this.headers = headers;
    if (endStream) this.trailers = headers;
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number): void {
    this.received += bytes.length;
    if (this.received < 1024 * 1024) this.#data.push(Buffer.from(bytes));
    if (this.reads) stream.credit(windowBytes);
    else this.#owed += windowBytes;
  }

  onDrain(): void {
    // It sends as fast as it can.
  }

  onClose(_stream: Stream, code: number, _by: ClosedBy): void {
    const { headers, trailers } = this;
    const details = trailers.get("grpc-status-details-bin");
    const detail = details ? fromBinary(StatusSchema, Buffer.from(details, "base64")).details[0] : undefined;
    this.#settle({
      headers,
      trailers,
      data: this.data,
      status: trailers.get("grpc-status"),
      message: decodeGrpcMessage(trailers.get("grpc-message") ?? ""),
      info: detail && anyUnpack(detail, ErrorInfoSchema),
      resetCode: code,
    });
  }
}

/** A client that says what it likes. */
export class RawClient {
  readonly connection: ClientConnection;
  readonly #destroy: () => void;

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const listener = { onAvailable: () => undefined, onGoaway: () => undefined, onClose: () => undefined };
    return new RawClient(connectHttp2(socket, {}, listener), () => socket.destroy());
  }

  private constructor(connection: ClientConnection, destroy: () => void) {
    this.connection = connection;
    this.#destroy = destroy;
  }

  /** Begins a call; `more` overrides headers, and an empty value leaves one out. */
  call(path: string, more: Readonly<Record<string, string>> = {}, endStream = false): RawCall {
    const fields = {
      ":method": "POST",
      ":scheme": "http",
      ":path": path,
      ":authority": "prism",
      "content-type": "application/grpc",
      te: "trailers",
      "prism-namespace": "orders",
      ...more,
    };
    const list = Object.entries(fields)
      .filter(([, value]) => value !== "")
      .flat();
    return new RawCall(this.connection, new HeaderList(list), endStream);
  }

  /** Goes without a word. */
  vanish(): void {
    this.#destroy();
  }
}

/** Paths that tests call. */
export const path = {
  get: "/prism.keyvalue.v1.KeyValue/Get",
  set: "/prism.keyvalue.v1.KeyValue/Set",
  execute: "/prism.data.v1.Data/Execute",
  stream: "/prism.data.v1.Data/ExecuteStream",
} as const;
