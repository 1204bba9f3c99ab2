import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Readable, Writable } from "node:stream";

/** What a browser speaks. */
export const versions = ["HTTP/1.1", "HTTP/2"] as const;
export type Version = (typeof versions)[number];

/** What a test asks. */
export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, in the pieces that it is sent in. */
  readonly pieces?: readonly Buffer[];
}

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An exchange that goes on. */
export interface OpenExchange {
  readonly request: Writable;
  readonly head: Promise<AnswerHead>;
  /** The answer's body, once the head is there. */
  readonly body: Promise<Readable>;
  /** Leaves without a word. */
  leave(): void;
}

/** A client of node's own HTTP, which shares no code with Prism's. */
export class WebClient {
  readonly #version: Version;
  readonly #port: number;
  #session: ClientHttp2Session | undefined;

  constructor(version: Version, port: number) {
    this.#version = version;
    this.#port = port;
  }

  /** Asks, and reads the whole answer. */
  async ask({ pieces = [], ...asked }: Asked): Promise<AnswerHead & { readonly body: Buffer }> {
    const exchange = this.open(asked);
    for (const piece of pieces) await new Promise((resolve) => exchange.request.write(piece, resolve));
    exchange.request.end();
    const head = await exchange.head;
    const chunks: Buffer[] = [];
    for await (const chunk of await exchange.body) chunks.push(chunk as Buffer);
    return { ...head, body: Buffer.concat(chunks) };
  }

  /** Asks; the test sends and reads. */
  open({ method = "POST", path, headers = {} }: Omit<Asked, "pieces">): OpenExchange {
    return this.#version === "HTTP/2"
      ? this.#openHttp2({ ":method": method, ":path": path, ...headers })
      : this.#openHttp1(method, path, headers);
  }

  async close(): Promise<void> {
    if (!this.#session) return;
    this.#session.close();
    await once(this.#session, "close");
  }

  #openHttp1(method: string, path: string, headers: Readonly<Record<string, string>>): OpenExchange {
    const asking = request({ port: this.#port, method, path, headers, agent: false });
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      asking.on("error", reject).once("response", resolve);
    });
    const head = response.then(({ statusCode = 0, headers: fields }) => ({
      status: statusCode,
      headers: fields,
    }));
    head.catch(() => undefined);
    return { request: asking, head, body: response, leave: () => void asking.destroy() };
  }

  #openHttp2(headers: Readonly<Record<string, string>>): OpenExchange {
    this.#session ??= connect(`http://127.0.0.1:${this.#port}`);
    const stream: ClientHttp2Stream = this.#session.request(headers, { endStream: false });
    const head = new Promise<AnswerHead>((resolve, reject) => {
      stream.on("error", reject);
      stream.once("response", (fields) =>
        resolve({ status: fields[":status"] ?? 0, headers: { ...fields } }),
      );
    });
    head.catch(() => undefined);
    return { request: stream, head, body: head.then(() => stream), leave: () => stream.close(8) };
  }
}

/** What the body of a gRPC-Web answer says. */
export interface WebAnswer {
  readonly messages: readonly Buffer[];
  /** Empty where the body has none. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** Reads a body message by message. Throws where something is cut short, or follows the trailers. */
export function readAnswer(body: Buffer): WebAnswer {
  const messages: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (end > body.length) throw new Error(`a message of the answer is cut short at ${at}`);
    const message = body.subarray(at + 5, end);
    if (body[at] === 0x80) {
      if (end < body.length) throw new Error("something follows the trailers");
      return { messages, trailers: trailersIn(message.toString("latin1")) };
    }
    messages.push(message);
    at = end;
  }
  return { messages, trailers: {} };
}

/** Reads base64 as a client does whose chunks are padded each on its own. */
export function fromText(body: Buffer): Buffer {
  const groups = body.toString("latin1").match(/.{1,4}/gs) ?? [];
  return Buffer.concat(groups.map((group) => Buffer.from(group, "base64")));
}

function trailersIn(text: string): Record<string, string> {
  if (!text.endsWith("\r\n")) throw new Error("the trailers do not end with a line's end");
  const lines = text.slice(0, -2).split("\r\n");
  return Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
}
