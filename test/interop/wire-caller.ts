import {
  type ClientConnection,
  GrpcError,
  HeaderList,
  openCall,
  type OpenCall,
  type StreamListener,
} from "../../src/wire/index.js";
import {
  type Answer,
  type Caller,
  type CallSettings,
  type Ended,
  type InteropCall,
  interopMethod,
} from "./caller.js";

/** The wire's client role, as Prism speaks to plugins. */
export function wireCaller(connection: ClientConnection): Caller {
  return {
    call(name: string, { metadata = {}, timeoutMs }: CallSettings = {}): InteropCall {
      const method = interopMethod(name);
      const seen = { head: new HeaderList([]) };
      const call = openCall(watchingHeads(connection, seen), {
        path: method.path,
        headers: Object.entries(metadata).flat(),
        ...(timeoutMs !== undefined && { timeoutMs }),
      });
      return {
        send: (message) => call.send(method.requestSerialize(message)),
        end: () => call.end(),
        cancel: () => call.cancel(),
        messages: answersOf(call, (bytes) => method.responseDeserialize(bytes)),
        ended: endOf(call, seen),
      };
    },
  };
}

/** The connection, with an eye on the response headers of what is opened on it. */
function watchingHeads(connection: ClientConnection, seen: { head: HeaderList }): ClientConnection {
  return Object.create(connection, {
    canOpen: { get: () => connection.canOpen },
    open: {
      value: (headers: HeaderList, endStream: boolean, listener: StreamListener) =>
        connection.open(headers, endStream, {
          onHeaders: (stream, list, ends) => {
            if (!ends) seen.head = list;
            listener.onHeaders(stream, list, ends);
          },
          onData: (...event) => listener.onData(...event),
          onDrain: (...event) => listener.onDrain(...event),
          onClose: (...event) => listener.onClose(...event),
        }),
    },
  }) as ClientConnection;
}

async function* answersOf(call: OpenCall, decode: (bytes: Buffer) => Answer): AsyncIterable<Answer> {
  try {
    for await (const message of call.messages) yield decode(message);
  } catch (reason) {
    if (!(reason instanceof GrpcError)) throw reason;
  }
}

async function endOf(call: OpenCall, seen: { head: HeaderList }): Promise<Ended> {
  const outcome = await call.trailers.then(
    (trailers) => ({ code: 0, message: "", trailers }),
    (reason: unknown) => {
      if (reason instanceof GrpcError) return reason;
      throw reason;
    },
  );
  const { code, message, trailers } = outcome;
  return {
    code,
    message,
    header: (name) => seen.head.get(name),
    trailer: (name) => trailers.get(name),
  };
}
