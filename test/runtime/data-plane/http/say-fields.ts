import { once } from "node:events";
import { connect } from "node:net";
import { HeaderList } from "../../../../src/wire/index.js";
import { RawCall, RawClient } from "../raw-client.js";

/** A request whose fields are sent as they stand, names and values in turn. */
export interface Said {
  readonly method: string;
  readonly path: string;
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** What came of it; a request that was reset as malformed has the status 400. */
export interface Heard {
  readonly status: number;
  readonly text: string;
}

type Say = (port: number, said: Said) => Promise<Heard>;

/** Both ways to say a request as no client would. */
export const sayings = [
  ["HTTP/1.1", sayHttp1],
  ["HTTP/2", sayHttp2],
] as const satisfies readonly (readonly [string, Say])[];

/** What a request has beside what is said, unless it says it itself. */
function withUsual(fields: readonly string[], usual: Readonly<Record<string, string>>): string[] {
  const said = new Set(fields.filter((_, index) => index % 2 === 0));
  const missing = Object.entries(usual).filter(([name]) => !said.has(name));
  return [...missing.flat(), ...fields];
}

async function sayHttp1(port: number, { method, path, fields = [], body = "" }: Said): Promise<Heard> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  const length = fields.includes("transfer-encoding") ? {} : { "content-length": String(body.length) };
  const all = withUsual(fields, { host: "x", ...length, connection: "close" });
  const lines = all.map((part, index) => (index % 2 === 0 ? `${part}: ` : `${part}\r\n`)).join("");
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`, "latin1");
  await once(socket, "close");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

async function sayHttp2(port: number, { method, path, fields = [], body = "" }: Said): Promise<Heard> {
  const client = await RawClient.connect(port);
  const pseudo = [":method", method, ":scheme", "http", ":path", path, ":authority", "x"];
  const all = withUsual(fields, { "content-length": String(body.length) });
  const call = new RawCall(client.connection, new HeaderList([...pseudo, ...all]));
  call.send(Buffer.from(body, "latin1"));
  const { headers, data } = await call.result;
  client.vanish();
  const text = `${headers.fields.join("\n")}\n\n${data.toString("latin1")}`;
  return { status: Number(headers.get(":status") ?? 400), text };
}
