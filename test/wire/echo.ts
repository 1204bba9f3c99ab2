import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import {
  type ClientConnection,
  connectHttp2,
  frameMessage,
  HeaderList,
  type Limits,
  MessageReader,
  serveHttp2,
  serverLimits,
  type Stream,
  type StreamListener,
} from "../../src/wire/index.js";

const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const ok = new HeaderList(["grpc-status", "0"]);

const largeHead = new HeaderList([...head.fields, "x-large", "v".repeat(1000)]);

/**
 * A gRPC server on the wire that echoes each message as it comes, whatever the method. With `x-hold` it gives back no
 * window; a request without a body gets no message, and with `x-large-answer` large headers.
 */
export interface EchoServer {
  readonly port: number;
  /** Why each connection that is gone ended; empty for an orderly end. */
  readonly ends: string[];
  /** Codes of streams that did not end in order. */
  readonly resets: number[];
  /** Streams that are open now. */
  streams(): number;
  shutdown(): void;
  close(): Promise<void>;
}

/** Starts an echo server on a free port. */
export async function startEcho(limits: Partial<Limits> = {}): Promise<EchoServer> {
  const sockets = new Set<Socket>();
  const connections = new Set<ReturnType<typeof serveHttp2>>();
  const [ends, resets]: [string[], number[]] = [[], []];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const connection = serveHttp2(
      socket,
      { limits: { ...serverLimits, ...limits } },
      {
        onRequest: (stream, headers, endStream) => {
          if (endStream) answer(stream, headers);
          return new Echo(resets, headers.get("x-hold") === undefined);
        },
        onClose: (reason) => (ends.push(reason), connections.delete(connection)),
      },
    );
    connections.add(connection);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    ends,
    resets,
    streams: () => [...connections].reduce((sum, { streams }) => sum + streams, 0),
    shutdown: () => connections.forEach((connection) => connection.shutdown()),
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** Connects the wire's client role to a port on loopback. */
export function dial(port: number): ClientConnection {
  const quiet = (): void => undefined;
  return connectHttp2(
    connect(port, "127.0.0.1"),
    {},
    { onAvailable: quiet, onGoaway: quiet, onClose: quiet },
  );
}

function answer(stream: Stream, headers: HeaderList): void {
  stream.sendHeaders(headers.get("x-large-answer") === undefined ? head : largeHead, false);
  stream.sendHeaders(ok, true);
}

class Echo implements StreamListener {
  readonly #reader = new MessageReader();
  readonly #resets: number[];
  readonly #credits: boolean;
  #begun = false;

  constructor(resets: number[], credits: boolean) {
    this.#resets = resets;
    this.#credits = credits;
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    if (!this.#begun) stream.sendHeaders(head, false);
    this.#begun = true;
    for (const message of this.#reader.push(bytes)) stream.sendData(frameMessage(message), false);
    if (this.#credits) stream.credit(windowBytes);
    if (endStream) stream.sendHeaders(ok, true);
  }

  onClose(_stream: Stream, code: number): void {
    if (code !== 0) this.#resets.push(code);
  }

  onHeaders(): void {
    // Trailers of a request say nothing.
  }

  onDrain(): void {
    // What is echoed waits in the stream, a message at most.
  }
}
