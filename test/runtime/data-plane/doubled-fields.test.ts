import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { doubledField, HeaderList, singleFields } from "../../../src/wire/index.js";
import { answerRaw, framed, replyHead } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawCall, RawClient } from "./raw-client.js";

const getRequest = framed(Buffer.from([10, 1, 107]));
const sound = [
  ...[":method", "POST", ":scheme", "http", ":path", path.get, ":authority", "prism"],
  ...["content-type", "application/grpc", "te", "trailers", "prism-namespace", "orders"],
];

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({ cors: { origins: ["*"] } });
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

/** How a call ends that says so. */
async function ending(fields: readonly string[]): Promise<{ status: string | undefined; message: string }> {
  const { status, message } = await new RawCall(raw.connection, new HeaderList(fields)).send(getRequest)
    .result;
  return { status, message };
}

/** The fields with one more, behind the others, where they have it already; else with two. */
function twice(name: string, fields: readonly string[]): string[] {
  const has = fields.some((each, at) => at % 2 === 0 && each === name);
  const values: Record<string, string> = {
    "content-type": "application/grpc",
    "content-length": String(getRequest.length),
  };
  const value = values[name] ?? "a";
  return has ? [...fields, name, value] : [...fields, name, value, name, value];
}

describe("a field that Prism reads and that could be read in two ways is refused with INVALID_ARGUMENT, and named:", () => {
  test.each(singleFields)("%s twice", async (name) => {
    const { status, message } = await ending(twice(name, sound));

    expect({ status, message }).toEqual({ status: "3", message: `the call has ${name} twice: send one` });
    expect(prism.plugin.calls).toEqual([]);
  });

  test("a call that had it once does not decide for one that has it twice", async () => {
    expect(await ending(sound)).toMatchObject({ status: "0" });

    const { status } = await ending([...sound, "prism-namespace", "users"]);

    expect(status).toBe("3");
  });

  test("a host that is not the :authority", async () => {
    const { status, message } = await ending([...sound, "host", "elsewhere"]);

    expect({ status, message }).toMatchObject({
      status: "3",
      message: expect.stringContaining("host") as string,
    });
  });

  test("content-type twice, over gRPC-Web too", async () => {
    const web = sound.map((text) => (text === "application/grpc" ? "application/grpc-web+proto" : text));

    const { headers } = await new RawCall(
      raw.connection,
      new HeaderList([...web, "content-type", "application/grpc-web-text"]),
    ).send(getRequest).result;

    expect(headers.get("grpc-status")).toBe("3");
  });
});

test("a list that comes in parts is one list", async () => {
  const call = prism.plugin.nextCall();
  const fields = sound.map((text) => (text === path.get ? path.stream : text));
  const parts = ["grpc-accept-encoding", "identity", "grpc-accept-encoding", "gzip"];

  await new RawCall(raw.connection, new HeaderList([...fields, ...parts])).send(getRequest).result;

  expect((await call).headers.get("grpc-accept-encoding")).toBe("identity,gzip");
});

test("a plugin that ends its answer with two statuses has ended it with none", async () => {
  prism.plugin.answer = (call) =>
    answerRaw(call, framed(Buffer.alloc(0)), new HeaderList(["grpc-status", "0", "grpc-status", "5"]));

  expect((await ending(sound)).status).toBe("13");
});

test("a plugin whose answer has two content-types is at fault", async () => {
  prism.plugin.answer = ({ stream }) =>
    stream.sendHeaders(new HeaderList([...replyHead.fields, "content-type", "text/html"]), false);

  expect(await ending(sound)).toMatchObject({
    status: "13",
    message: "the plugin answered with two content-type",
  });
});

test("a field that stands once, or may stand often, is no double", () => {
  expect(doubledField([...sound, "accept", "a", "accept", "b", "x-own", "a", "x-own", "b"])).toBeUndefined();
});
