import { request } from "node:http";
import { connect } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";

/** What is asked; the path goes as it is. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The head of an answer. */
export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A whole answer. */
export interface Answer extends Head {
  readonly body: Buffer;
}

/** A request whose body is still to be written, and its answer, once its head is there. */
export interface Opened {
  readonly body: Writable;
  readonly answer: Promise<Head & { readonly body: Readable }>;
}

/** Asks the prism at a port, and hears the whole answer. */
export type Ask = (port: number, asked: Asked) => Promise<Answer>;

/** Asks the prism at a port, and hears the answer as it comes. */
export type Open = (port: number, asked: Asked) => Opened;

/** One request of `node:http` on a connection of its own. */
const openHttp1: Open = (port, { method, path, headers = {} }) => {
  const body = request({ port, method, path, headers, agent: false });
  const answer: Opened["answer"] = new Promise((resolve, reject) => {
    body.on("error", reject).on("response", (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
  });
  return { body, answer };
};

/** One request of `node:http2` with prior knowledge, on a connection of its own. */
const openHttp2: Open = (port, { method, path, headers = {} }) => {
  const session = connect(`http://127.0.0.1:${port}`);
  const fields = { ":method": method, ":path": path, ...headers };
  const body = session.request(fields, { endStream: method !== "POST" && method !== "PUT" });
  body.once("close", () => session.destroy());
  const answer: Opened["answer"] = new Promise((resolve, reject) => {
    session.on("error", reject);
    body.on("error", reject).on("response", (answered) => {
      resolve({ status: Number(answered[":status"]), headers: answered, body });
    });
  });
  return { body, answer };
};

/** Both ways to carry HTTP; what is said of the door holds over either. */
export const carriers = [
  ["HTTP/1.1", askBy(openHttp1), openHttp1],
  ["HTTP/2", askBy(openHttp2), openHttp2],
] as const satisfies readonly (readonly [string, Ask, Open])[];

function askBy(open: Open): Ask {
  return async (port, { body = "", ...asked }) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const takesBody = asked.method === "POST" || asked.method === "PUT";
    const headers = { ...(takesBody ? length : {}), ...asked.headers };
    const opened = open(port, { ...asked, headers });
    if (opened.body.writable) opened.body.end(body);
    const { body: answered, ...head } = await opened.answer;
    return { ...head, body: await buffer(answered) };
  };
}
