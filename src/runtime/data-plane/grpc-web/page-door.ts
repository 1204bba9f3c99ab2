import type { HeaderList, Stream, StreamListener } from "../../../wire/index.js";
import { answerPreflight } from "../entrance/cors/answer-preflight.js";
import type { Cors } from "../entrance/cors/cors.js";
import { deaf } from "../common/deaf.js";
import { failureAnswer } from "../common/refusal.js";
import { type CallService, serveCall } from "../call/serve-call.js";
import type { Pages } from "../http/pages.js";
import { WebRequest } from "./web-request.js";
import { WebStream } from "./web-stream.js";

/** Serves what pages in browsers send before they call, and their calls by gRPC-Web: each takes the path of all calls. */
export class PageDoor implements Pages {
  readonly cors: Cors;
  /** What was read of heads that came before and may come again. */
  readonly #known = new WeakMap<HeaderList, WebRequest>();

  constructor(cors: Cors) {
    this.cors = cors;
  }

  /** Serves a request that `carrier` brings, and tells who hears the rest of it; undefined where it is another door's. */
  serve(carrier: Stream, headers: HeaderList, service: CallService): StreamListener | undefined {
    return answerPreflight(carrier, headers, this.cors) ?? this.#serveCall(carrier, headers, service);
  }

  #serveCall(carrier: Stream, headers: HeaderList, service: CallService): StreamListener | undefined {
    const request = this.#read(headers);
    if (!request) return undefined;
    if (request.problem) {
      carrier.sendHeaders(request.answerHead(failureAnswer(request.problem)), true);
      return deaf;
    }
    const stream = new WebStream(carrier, request);
    stream.listener = serveCall(stream, request.headers, service);
    return stream;
  }

  #read(headers: HeaderList): WebRequest | undefined {
    const known = this.#known.get(headers);
    if (known) return known;
    const request = WebRequest.from(headers, this.cors);
    if (request) this.#known.set(headers, request);
    return request;
  }
}
