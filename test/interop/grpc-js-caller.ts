import { Client, credentials, Metadata, type MetadataValue, type StatusObject } from "@grpc/grpc-js";
import { type Answer, type Caller, type CallSettings, type InteropCall, interopMethod } from "./caller.js";

/** grpc-js, a client that shares no code with Prism. */
export class GrpcJsCaller implements Caller {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
  }

  call(name: string, { metadata = {}, timeoutMs }: CallSettings = {}): InteropCall {
    const method = interopMethod(name);
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      (message: object) => method.requestSerialize(message),
      (bytes: Buffer) => method.responseDeserialize(bytes),
      metadataFrom(metadata),
      timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
    );
    let head = new Metadata();
    call.on("metadata", (received: Metadata) => (head = received));
    call.on("error", () => undefined);
    const ended = new Promise<StatusObject>((resolve) => call.on("status", resolve));
    return {
      send: (message) => void call.write(message),
      end: () => call.end(),
      cancel: () => call.cancel(),
      messages: answersOf(call),
      ended: ended.then(({ code, details, metadata: trailers }) => ({
        code,
        message: details,
        header: (key) => textOf(head.get(key)[0]),
        trailer: (key) => textOf(trailers.get(key)[0]),
      })),
    };
  }

  close(): void {
    this.#client.close();
  }
}

async function* answersOf(call: AsyncIterable<Answer>): AsyncIterable<Answer> {
  try {
    yield* call;
  } catch {
    // How it ended is told by its status.
  }
}

function metadataFrom(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values))
    metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  return metadata;
}

function textOf(value: MetadataValue | undefined): string | undefined {
  return typeof value === "string" ? value : value?.toString("base64").replace(/=+$/, "");
}
