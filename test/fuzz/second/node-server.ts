import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** `node:http2` as a second opinion: a server that keeps each request's headers as they came, and answers with nothing. */
export class NodeServer {
  readonly port: number;
  readonly #server: Http2Server;
  readonly #sockets = new Set<Socket>();
  readonly #requests = new Map<number, string[][]>();

  static async start(): Promise<NodeServer> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new NodeServer(server);
  }

  private constructor(server: Http2Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("stream", (stream: ServerHttp2Stream, _headers: object, _flags: number, raw: string[]) => {
      stream.on("error", () => undefined);
      const from = stream.session?.socket.remotePort ?? 0;
      this.#requests.set(from, [...(this.#requests.get(from) ?? []), raw]);
    });
    server.on("sessionError", () => undefined);
  }

  /** The fields of the requests that came from a port, forgotten by being told. */
  requestsFrom(port: number): string[][] {
    const requests = this.#requests.get(port) ?? [];
    this.#requests.delete(port);
    return requests;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
