import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Siege, untilGone } from "./siege.js";

const head = "HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin();
});
afterAll(() => siege.end());

/** A request whose body of so many bytes comes in chunks of one; gives the answer's first line. */
async function inChunksOfAByte(key: string, bytes: number): Promise<string> {
  const socket = siege.dial();
  let heard = "";
  socket.on("data", (said: Buffer) => (heard += said.toString("latin1")));
  socket.write(`PUT /v1/namespaces/default/kv/${key} ${head}${"1\r\na\r\n".repeat(bytes)}0\r\n\r\n`);
  await untilGone(socket);
  return heard.slice(0, heard.indexOf("\r\n"));
}

describe("a body over HTTP/1.1 that is costly to read holds nobody up", () => {
  test("chunks of a byte, 100,000 of them on each of four connections", () =>
    siege.withstand({
      what: "chunks of a byte",
      run: async () => {
        const answers = await Promise.all(["a", "b", "c", "d"].map((key) => inChunksOfAByte(key, 100_000)));
        expect(answers).toEqual(answers.map(() => "HTTP/1.1 204 No Content"));
      },
    }));
});
