import type { HeaderList, Stream, StreamListener } from "../../../wire/index.js";
import type { Cors } from "../entrance/cors/cors.js";
import type { CallService } from "../call/serve-call.js";

/** The door for pages in browsers, as the door for HTTP knows it. */
export interface Pages {
  readonly cors: Cors;
  /** Serves a request that `carrier` brings, and tells who hears the rest of it; undefined where it is another door's. */
  serve(carrier: Stream, headers: HeaderList, service: CallService): StreamListener | undefined;
}
