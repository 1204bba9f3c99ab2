import { largestDeclaration, PrismError } from "../../../protocol/index.js";
import {
  type Backlog,
  type Connection,
  type HeaderList,
  serveHttp2,
  type Stream,
  type StreamListener,
  TextAnswer,
} from "../../../wire/index.js";
import type { ServedHosts } from "../../model/served-hosts.js";
import type { Acts } from "./acts.js";
import { AdminCall, refuseCall } from "./admin-call.js";
import { assertMeant } from "./assert-meant.js";
import type { OnBug, ServedMethod } from "./grpc-methods.js";
import type { Guest } from "./guests.js";
import type { OnOperatorRefused, OperatorLimits } from "./operator-limits.js";

/** How gRPC is served to operators. */
export interface Http2Settings {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly limits: OperatorLimits;
  readonly hosts: ServedHosts;
  readonly acts: Acts;
  readonly held: Backlog;
  readonly onRefused: OnOperatorRefused;
  readonly onBug: OnBug;
}

/** A reading names a namespace at most; an act may bring a file of them. */
const mostOfReading = 4 * 1024;
const mostOfAct = largestDeclaration + mostOfReading;

const nothing = Buffer.alloc(0);
const grpcForm = /^application\/grpc(\+proto)?(;|$)/;
const notGrpc = new TextAnswer(
  415,
  "over HTTP/2 gRPC is spoken here (POST with content-type application/grpc): ask for all else by HTTP/1.1",
);

/** Serves gRPC on connections that are handed to it. */
export class Http2Service {
  readonly #settings: Http2Settings;
  readonly #connections = new Set<Connection>();

  constructor(settings: Http2Settings) {
    this.#settings = settings;
  }

  /** Serves a connection from whose begin `head` has been read. */
  serve(guest: Guest, head: Buffer): void {
    const { limits, held, onRefused } = this.#settings;
    const connection = serveHttp2(
      guest.socket,
      { limits: limits.wire, backlog: held, head },
      {
        onRequest: (stream, headers, endStream) => {
          const listener = this.#route(stream, headers, guest);
          if (endStream) listener.onData(stream, nothing, 0, true);
          return listener;
        },
        onRefused: (refusal, message) => onRefused(guest.socket, refusal, message),
        onClose: () => this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
  }

  /** Takes no new calls; a connection closes with its last one. */
  shutdown(): void {
    for (const connection of this.#connections) connection.shutdown();
  }

  #route(stream: Stream, headers: HeaderList, guest: Guest): StreamListener {
    if (headers.get(":method") !== "POST" || !grpcForm.test(headers.get("content-type") ?? ""))
      return notGrpc.to(stream);
    try {
      const method = this.#admitted(headers);
      const { limits, onBug } = this.#settings;
      const mostBytes = method.isAct ? mostOfAct : mostOfReading;
      return new AdminCall(stream, { method, guest, mostBytes, withinMs: limits.requestMs, onBug });
    } catch (reason) {
      refuseCall(stream, PrismError.from(reason));
      return deaf;
    }
  }

  /** What is asked for, where whoever asks may; before a byte of a message is looked at. */
  #admitted(headers: HeaderList): ServedMethod {
    const { methods, hosts, acts } = this.#settings;
    // By which name is not asked: no browser speaks HTTP/2 where there is no TLS.
    assertMeant({ host: undefined, header: (name) => headers.get(name) }, hosts);
    const path = headers.get(":path") ?? "";
    const method = methods.get(path);
    if (method === undefined) {
      const known = [...methods.keys()].join(", ");
      const message = `no method "${path.slice(0, 200)}": this is the operators' address (server.admin), and clients are served at server.listen; there are: ${known}`;
      throw new PrismError("unknownMethod", message);
    }
    if (method.isAct) acts.assertMay(headers.get(acts.field));
    const encoding = headers.get("grpc-encoding") ?? "identity";
    if (encoding === "identity") return method;
    const message = `messages compressed with ${encoding.slice(0, 20)} are not taken here: send them as they are`;
    throw new PrismError("unknownEncoding", message);
  }
}

/** Hears the rest of a call that has been refused. */
const deaf: StreamListener = {
  onHeaders: () => undefined,
  onData: (stream, _bytes, windowBytes) => stream.credit(windowBytes),
  onDrain: () => undefined,
  onClose: () => undefined,
};
