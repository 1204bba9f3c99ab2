import { connect } from "node:net";
import { ok, strictEqual } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { StreamResponseSchema } from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { keepValues } from "../../runtime/data-plane/http/key-value-stub.js";
import { framed, type ReceivedCall, replyHead, replyOk } from "../../runtime/data-plane/plugin-stub.js";
import { Proxied } from "../../runtime/data-plane/proxied.js";
import { pieces } from "../bytes.js";
import { turn } from "../connection/memory-socket.js";
import { answersIn } from "./answers.js";

/** However slow the machine: a door that has said nothing for so long hangs. */
const hangsMs = 20_000;

const usual = Buffer.from(
  "GET /v1/namespaces/orders/kv/usual HTTP/1.1\r\nhost: prism.test\r\nconnection: close\r\n\r\n",
);

/** What a connection has said until it was closed. */
export interface Heard {
  readonly bytes: Buffer;
  /** It was closed over what had not been read of the requests: the kernel may have dropped the end of what was said. */
  readonly isReset: boolean;
}

/** The HTTP/1 door of a data plane, in front of a plugin that keeps values in memory and has a stream to tell of. */
export class Door {
  readonly #prism: Proxied;
  readonly #kept: Map<string, Buffer>;

  static async open(): Promise<Door> {
    const operations = [{ name: "watch", streaming: true }, { name: "get" }, { name: "set" }];
    return new Door(await Proxied.start({ route: { operations } }));
  }

  private constructor(prism: Proxied) {
    this.#prism = prism;
    this.#kept = keepValues(prism.plugin);
    const keepsValues = prism.plugin.answer;
    prism.plugin.answer = (call) => (isStream(call) ? tell(call) : keepsValues(call));
  }

  close(): Promise<void> {
    return this.#prism.stop();
  }

  /** Says bytes in pieces, and all that is answered until the connection is closed; `leaves` when they are out. */
  async say(bytes: Buffer, cuts: readonly number[], leaves: boolean): Promise<Heard> {
    const socket = connect({ port: this.#prism.port, host: "127.0.0.1", noDelay: true });
    const heard: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => heard.push(chunk)).on("error", () => undefined);
    const closed = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)));
    const hangs = setTimeout(() => socket.destroy(new Error("it hangs")), hangsMs);
    for (const piece of pieces(bytes, cuts)) {
      socket.write(Buffer.from(piece));
      await turn();
    }
    if (leaves) socket.end();
    await closed;
    clearTimeout(hangs);
    ok(socket.errored?.message !== "it hangs", `nothing for ${hangsMs} ms behind ${Buffer.concat(heard).toString("latin1")}`);
    return { bytes: Buffer.concat(heard), isReset: socket.errored !== null };
  } // prettier-ignore

  /** Begins from a known state, whatever was written before. */
  reset(): void {
    this.#kept.clear();
    this.#kept.set("usual", Buffer.from("v")).set("a", Buffer.from("0123456789"));
    this.#kept.set("large", Buffer.alloc(300_000, "l"));
    this.#prism.plugin.calls.length = 0;
  }

  /** Throws where a usual request is not answered as ever, or a call that nobody waits for goes on. */
  async checkUsual(): Promise<void> {
    const heard = await this.say(usual, [], false);
    const [answer] = answersIn(heard, ["GET"]);
    strictEqual(answer?.status, 200);
    strictEqual(heard.bytes.toString("latin1").slice(-5), "\r\n\r\nv");
    strictEqual(this.#prism.plane.counters().inFlight, 0, "a call goes on that nobody waits for");
  }
}

function isStream({ headers }: ReceivedCall): boolean {
  return headers.get(":path")?.endsWith("Stream") ?? false;
}

function tell({ stream }: ReceivedCall): void {
  stream.sendHeaders(replyHead, false);
  for (const text of ["one", "two", "three"]) {
    const message = create(StreamResponseSchema, { result: { case: "rawResult", value: Buffer.from(text) } });
    stream.sendData(framed(toBinary(StreamResponseSchema, message)), false);
  }
  stream.sendHeaders(replyOk, true);
}
