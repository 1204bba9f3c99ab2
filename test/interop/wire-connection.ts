import { once } from "node:events";
import { connect } from "node:net";
import { type ClientConnection, connectHttp2 } from "../../src/wire/index.js";

/** A connection of the wire's client role, once its SETTINGS have come. */
export async function wireConnection(port: number): Promise<ClientConnection> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return new Promise((resolve, reject) => {
    const connection = connectHttp2(
      socket,
      {},
      {
        onAvailable: () => resolve(connection),
        onGoaway: () => undefined,
        onClose: (reason) => reject(new Error(`the connection ended: ${reason}`)),
      },
    );
  });
}
