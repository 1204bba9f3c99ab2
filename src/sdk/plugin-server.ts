import type { Socket } from "node:net";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  InitializeRequestSchema,
  InitializeResponseSchema,
  ShutdownRequestSchema,
  ShutdownResponseSchema,
} from "../protocol/gen/prism/plugin/plugin_pb.js";
import { Code, PrismError, TimeLimit } from "../protocol/index.js";
import {
  type Connection,
  doubledField,
  type HeaderList,
  type Limits,
  parseTimeout,
  serveHttp2,
  serverLimits,
  type Stream,
  type StreamListener,
  TextAnswer,
} from "../wire/index.js";
import type { CallHead } from "./call-context.js";
import { Namespaces, type NamespaceSettings } from "./namespaces.js";
import type { Plugin } from "./plugin.js";
import { sameSecret } from "./proof.js";
import { refuse } from "./reply.js";
import { type Rpc, RpcCall } from "./rpc-call.js";
import { ServiceCall } from "./service-call.js";
import { StreamingCall } from "./streaming-call.js";
import { UnaryCall } from "./unary-call.js";
import { type ConnectionAnswers, UnsentAnswers, type UnsentBounds } from "./unsent-answers.js";

/** What a plugin's server needs to know. */
export interface PluginServerSettings extends NamespaceSettings {
  /** The largest message it takes. */
  readonly maxMessageBytes: number;
  /** What may be answered and not taken. */
  readonly unsent: UnsentBounds;
}

/** What a request's headers say; worked out once for headers that come again. */
interface RequestHead {
  readonly isGrpc: boolean;
  readonly method: string;
  readonly namespace: string;
  readonly timeoutMs: number | undefined;
  readonly headers: HeaderList;
  /** Why the call is refused, whatever it asks. */
  readonly refusal: PrismError | undefined;
}

/** How a request comes: whether that was all of it, and where its answer is counted. */
interface Arrival {
  readonly endStream: boolean;
  readonly answers: ConnectionAnswers;
}

/**
 * The peer is Prism, which carries the calls of many clients on one connection, and their cancellations: it holds clients
 * to their limits, and what one of them does must not end the connection for all. So nothing is counted here that a
 * client can bring about, and headers may be as large as Prism takes them. A Unix socket tells by itself that a peer is gone.
 */
const trustedPeer: Limits = {
  ...serverLimits,
  concurrentStreams: 10_000,
  headerBytes: 2 ** 25,
  headerFields: 2 ** 17,
  resetBurst: 1_000_000,
  resetsPerSecond: 1_000_000,
  earlyAnswersPerSecond: 1_000_000,
  idleFramesPerSecond: 1_000_000,
  queuedControlFrames: 1_000_000,
  keepAliveMs: 0,
};

const nothing = Buffer.alloc(0);

const service = "/prism.plugin.BackendPlugin/";

/** The answer to what is no gRPC, in terms of HTTP. */
const notGrpc = new TextAnswer(
  415,
  "a plugin speaks gRPC to Prism (content-type application/grpc): send your requests to Prism",
);

/** Speaks the plugin protocol for one plugin, on whatever connections it is given. */
export class PluginServer {
  readonly #namespaces: Namespaces;
  readonly #settings: PluginServerSettings;
  readonly #unsent: UnsentAnswers;
  readonly #connections = new Set<Connection>();
  /** Called when the last connection is gone. */
  #unconnected: (() => void) | undefined;

  constructor(plugin: Plugin, settings: PluginServerSettings) {
    this.#namespaces = new Namespaces(plugin, settings);
    this.#settings = settings;
    this.#unsent = new UnsentAnswers(settings.unsent);
  }

  /** Serves a connection until it ends. */
  accept(socket: Socket): void {
    const answers = this.#unsent.connection();
    const connection = serveHttp2(
      socket,
      { limits: trustedPeer, backlog: answers },
      {
        onRequest: (stream, headers, endStream) => this.#route(stream, headers, { endStream, answers }),
        onClose: () => {
          answers.close();
          this.#connections.delete(connection);
          if (this.#connections.size === 0) this.#unconnected?.();
        },
      },
    );
    this.#connections.add(connection);
  }

  /** Takes no new calls, lets running ones finish within the grace period, then closes namespaces and connections. */
  async close(graceMs: number): Promise<void> {
    using grace = new TimeLimit(graceMs);
    for (const connection of this.#connections) connection.shutdown();
    await this.#namespaces.close(grace.signal);
    await this.#untilUnconnected(grace.signal);
    for (const connection of [...this.#connections]) connection.destroy();
  }

  /** Answers may still be on their way: a connection ends when its last one has gone out. */
  async #untilUnconnected(grace: AbortSignal): Promise<void> {
    if (this.#connections.size === 0 || grace.aborted) return;
    await new Promise<void>((resolve) => {
      this.#unconnected = resolve;
      grace.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #route(stream: Stream, headers: HeaderList, { endStream, answers }: Arrival): StreamListener {
    const head = (headers.memo ??= this.#read(headers)) as RequestHead;
    if (!head.isGrpc) return notGrpc.to(stream, endStream);
    try {
      if (head.refusal) throw head.refusal;
      const listener = this.#listener(stream, head, answers);
      if (endStream) listener.onData(stream, nothing, 0, true);
      return listener;
    } catch (reason) {
      refuse(stream, PrismError.from(reason));
      return deaf;
    }
  }

  #listener(stream: Stream, head: RequestHead, answers: ConnectionAnswers): StreamListener {
    const { method, namespace, timeoutMs } = head;
    const namespaces = this.#namespaces;
    const maxBytes = this.#settings.maxMessageBytes;
    switch (method) {
      case "Execute":
        return new UnaryCall(namespaces.find(namespace), callHead(head), { maxBytes, answers });
      case "ExecuteStream":
        return new StreamingCall(stream, {
          served: namespaces.find(namespace),
          head: callHead(head),
          maxBytes,
          answers,
        });
      case "HealthCheck":
      case "Initialize":
      case "Shutdown":
        return new RpcCall(this.#rpc(method, namespace), { maxBytes, timeoutMs });
      default: {
        const served = namespaces.find(namespace);
        const found = { name: method.slice(1), method: served.method(method) };
        return new ServiceCall(stream, { served, head: callHead(head), maxBytes, answers, ...found });
      }
    }
  }

  /** What the host asks of a namespace's life. */
  #rpc(method: "HealthCheck" | "Initialize" | "Shutdown", namespace: string): Rpc {
    const namespaces = this.#namespaces;
    switch (method) {
      case "HealthCheck":
        return rpc(HealthCheckRequestSchema, HealthCheckResponseSchema, (_request, signal) =>
          namespaces.healthCheck(namespace, signal),
        );
      case "Initialize":
        return rpc(InitializeRequestSchema, InitializeResponseSchema, (request, signal) =>
          namespaces.initialize(request, signal),
        );
      case "Shutdown":
        return rpc(ShutdownRequestSchema, ShutdownResponseSchema, (_request, signal) =>
          namespaces.shutdown(namespace, signal),
        );
    }
  }

  #read(headers: HeaderList): RequestHead {
    const path = headers.get(":path") ?? "";
    const timeout = headers.get("grpc-timeout");
    return {
      isGrpc: headers.get("content-type")?.startsWith("application/grpc") === true,
      method: path.startsWith(service) ? path.slice(service.length) : path,
      namespace: headers.get("prism-namespace") ?? "",
      timeoutMs: timeout === undefined ? undefined : timerMs(parseTimeout(timeout)),
      headers,
      refusal: this.#refusalOf(headers),
    };
  }

  #refusalOf(headers: HeaderList): PrismError | undefined {
    const doubled = doubledField(headers.fields);
    if (doubled !== undefined)
      return new PrismError("invalidRequest", `the call has ${doubled} twice: send one`);
    const encoding = headers.get("grpc-encoding") ?? "identity";
    if (encoding !== "identity") {
      return new PrismError(
        "notAvailableYet",
        `messages compressed with ${encoding} are not taken: send them as they are`,
      );
    }
    const { token } = this.#settings;
    if (token === "" || sameSecret(headers.get("prism-plugin-token") ?? "", token)) return undefined;
    const message =
      "the call does not carry the plugin's token in prism-plugin-token: only Prism may call this plugin";
    return new PrismError("operationFailed", message, { code: Code.UNAUTHENTICATED });
  }
}

/** A timeout that timers take: whole milliseconds, at most 24 days. */
function timerMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.min(Math.ceil(ms), 2 ** 31 - 1);
}

function callHead({ namespace, timeoutMs, headers }: RequestHead): CallHead {
  const deadline = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  return { namespace, deadline, headers };
}

/** One life-cycle method, from bytes to bytes. */
function rpc<In extends DescMessage, Out extends DescMessage>(
  request: In,
  response: Out,
  serve: (request: MessageShape<In>, signal: AbortSignal) => Promise<MessageInitShape<Out>>,
): Rpc {
  return async (message, signal) => {
    const answer = await serve(decode(request, message), signal);
    return toBinary(response, create(response, answer));
  };
}

function decode<In extends DescMessage>(schema: In, message: Buffer): MessageShape<In> {
  try {
    return fromBinary(schema, message);
  } catch (cause) {
    throw new PrismError("invalidRequest", `the message is no ${schema.typeName}: it does not parse`, {
      cause,
    });
  }
}

/** Hears the rest of a call that has been refused. */
const deaf: StreamListener = {
  onHeaders: () => undefined,
  onData: (stream, _bytes, windowBytes) => stream.credit(windowBytes),
  onDrain: () => undefined,
  onClose: () => undefined,
};
