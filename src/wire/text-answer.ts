import { HeaderList } from "./header-list.js";
import type { Stream, StreamListener } from "./types.js";

/** What is passed over of a request before it is answered although more is to come. */
const mostPassedOver = 64 * 1024;

/**
 * Answers requests that are not what is spoken here with a status and a sentence. The answer goes out when the request
 * has come in whole: not every HTTP client listens while it sends. A long request is answered on its way.
 */
export class TextAnswer {
  readonly #headers: HeaderList;
  readonly #body: Buffer;

  constructor(status: number, text: string) {
    const body = Buffer.from(`${text}\n`);
    const length = ["content-length", String(body.length)];
    const type = ["content-type", "text/plain; charset=utf-8"];
    this.#headers = new HeaderList([":status", String(status), ...type, ...length]);
    this.#body = body;
  }

  /** Hears a request, and answers it: now, where it has ended. */
  to(stream: Stream, hasEnded = false): StreamListener {
    let passedOver = 0;
    // Once is enough: a stream that has been answered takes no more.
    const send = (): void => {
      stream.sendHeaders(this.#headers, false);
      stream.sendData(this.#body, true);
    };
    if (hasEnded) send();
    return {
      onHeaders: send,
      onData: (_stream, _bytes, windowBytes, endStream) => {
        stream.credit(windowBytes);
        passedOver += windowBytes;
        if (endStream || passedOver > mostPassedOver) send();
      },
      onDrain: () => undefined,
      onClose: () => undefined,
    };
  }
}
