import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Lets a server that listens on a port be reached by a Unix socket. */
export class UnixRelay {
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  static async listen(path: string, port: number): Promise<UnixRelay> {
    const relay = new UnixRelay(port);
    relay.#server.listen(path);
    await once(relay.#server, "listening");
    return relay;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from
      .on("error", () => to.destroy())
      .on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
  }
}
