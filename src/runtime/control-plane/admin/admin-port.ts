import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import type { AdminService } from "./admin-service.js";

/** A connection that says nothing for so long is closed. */
const firstWordsMs = 10_000;
/** So is one on which nothing moves for so long. */
const idleMs = 60_000;
/** How HTTP/2 begins, and with it gRPC. */
const preface = Buffer.from("PRI * HTTP/2.0");

/** What is served on the admin address. */
export interface AdminPortRequest {
  readonly service: AdminService;
  readonly http: RequestListener;
}

/** gRPC and HTTP on one port: the first bytes of a connection tell which it speaks. */
export class AdminPort {
  readonly #grpc = new GrpcServer();
  readonly #injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
  readonly #http: HttpServer;
  readonly #sockets = new Set<Socket>();
  /** Those that have said nothing yet, or are between two HTTP requests. */
  readonly #idle = new Set<Socket>();
  #isClosing = false;

  constructor({ service, http }: AdminPortRequest) {
    this.#grpc.addService(service.definition, service.implementation);
    this.#http = createServer({ keepAliveTimeout: idleMs }, http);
    // An HTTP server that does not listen itself keeps no account of its connections.
    this.#http.timeout = idleMs;
    this.#http.on("request", ({ socket }, response) => {
      this.#idle.delete(socket);
      response.once("close", () => this.#becomeIdle(socket));
    });
  }

  /** Serves a connection, of which nothing has been read yet. */
  accept(socket: Socket): void {
    this.#sockets.add(socket);
    this.#becomeIdle(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#idle.delete(socket);
    });
    socket.setTimeout(firstWordsMs, () => socket.destroy());
    let head = Buffer.alloc(0);
    const read = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      const isGrpc = speaksHttp2(head);
      if (isGrpc === undefined) return;
      socket.off("data", read);
      socket.pause();
      socket.setTimeout(0);
      socket.unshift(head);
      // The HTTP/2 session takes what was put back by itself; to resume would throw it away.
      if (isGrpc) return this.#serveGrpc(socket);
      this.#http.emit("connection", socket);
      socket.resume();
    };
    socket.on("data", read);
    socket.resume();
  }

  /** Lets answers that are under way finish within the grace period, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const overdue = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), graceMs);
    for (const socket of this.#idle) socket.destroy();
    this.#injector.drain(graceMs);
    await Promise.all([...this.#sockets].map(closed));
    clearTimeout(overdue);
    this.#injector.destroy();
    this.#grpc.forceShutdown();
  }

  #serveGrpc(socket: Socket): void {
    this.#idle.delete(socket);
    this.#injector.injectConnection(socket);
  }

  #becomeIdle(socket: Socket): void {
    if (this.#isClosing) socket.destroy();
    else if (!socket.destroyed) this.#idle.add(socket);
  }
}

/** Undefined while the bytes could still become either. */
function speaksHttp2(head: Buffer): boolean | undefined {
  const length = Math.min(head.length, preface.length);
  if (!head.subarray(0, length).equals(preface.subarray(0, length))) return false;
  return head.length >= preface.length ? true : undefined;
}

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise((resolve) => socket.once("close", resolve));
}
