import { request } from "node:http";
import { connect } from "node:http2";

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What is asked; the path goes as it is. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Asks the prism at a port, and hears the whole answer. */
export type Ask = (port: number, asked: Asked) => Promise<Answer>;

/** One request of `node:http` on a connection of its own. */
export const askHttp1: Ask = (port, { method, path, headers = {}, body }) =>
  new Promise((resolve, reject) => {
    const asking = request({ port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asking.on("error", reject).end(body);
  });

/** One request of `node:http2` with prior knowledge, on a connection of its own. */
export const askHttp2: Ask = (port, { method, path, headers = {}, body }) =>
  new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${port}`).on("error", reject);
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const stream = session.request(
      { ":method": method, ":path": path, ...length, ...headers },
      { endStream: body === undefined },
    );
    const chunks: Buffer[] = [];
    let answered: Record<string, string | string[] | undefined> = {};
    stream.on("response", (fields) => (answered = fields)).on("error", reject);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      session.close();
      resolve({ status: Number(answered[":status"]), headers: answered, body: Buffer.concat(chunks) });
    });
    if (body !== undefined) stream.end(body);
  });

/** Both ways to carry HTTP; what is said of the door holds over either. */
export const carriers = [
  ["HTTP/1.1", askHttp1],
  ["HTTP/2", askHttp2],
] as const satisfies readonly (readonly [string, Ask])[];
