import { type ReceivedCall, replyOk } from "./plugin-stub.js";
import { path, RawClient } from "./raw-client.js";

const piece = Buffer.alloc(64 * 1024, 1);

/** Waits until a number has not changed for many round trips of another client. */
export async function settled(port: number, read: () => number): Promise<number> {
  const other = await RawClient.connect(port);
  let last = read();
  for (let quiet = 0; quiet < 30; quiet++) {
    await other.call(path.get, { "prism-namespace": "none" }, true).result;
    if (read() !== last) quiet = 0;
    last = read();
  }
  other.vanish();
  return last;
}

/** Sends so many bytes as they drain. */
export class Sender {
  sent = 0;
  #left: number;

  constructor(total: number) {
    this.#left = total;
  }

  more(stream: ReceivedCall["stream"]): void {
    while (this.#left > 0 && stream.queuedBytes < 256 * 1024 && !stream.sendClosed) {
      this.#left -= piece.length;
      this.sent += piece.length;
      stream.sendData(piece, false);
      if (this.#left <= 0) stream.sendHeaders(replyOk, true);
    }
  }
}
