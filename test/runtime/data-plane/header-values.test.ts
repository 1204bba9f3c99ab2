import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeGrpcMessage, encodeGrpcMessage, HeaderList } from "../../../src/wire/index.js";
import { answerRaw, framed } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { RawCall, RawClient, type RawResult } from "./raw-client.js";

const tunnelled = "/acme.Echo/Abort";
const sound = [
  ...[":method", "POST", ":scheme", "http", ":path", tunnelled, ":authority", "prism"],
  ...["content-type", "application/grpc", "te", "trailers", "prism-namespace", "orders"],
];

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({ route: { services: ["acme.Echo"] } });
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

function call(fields: readonly string[] = sound): Promise<RawResult> {
  return new RawCall(raw.connection, new HeaderList(fields)).send(framed(Buffer.alloc(0))).result;
}

/** 400 calls, fifty at once. */
async function manyCalls(): Promise<RawResult[]> {
  const all: RawResult[] = [];
  while (all.length < 400) all.push(...(await Promise.all(Array.from({ length: 50 }, () => call()))));
  return all;
}

/** The plugin ends every call with these trailers. */
function ending(...trailers: string[]): void {
  prism.plugin.answer = (received) => answerRaw(received, Buffer.alloc(0), new HeaderList(trailers));
}

describe("a blank around the value of a header", () => {
  test.each(["no such row: ", " no such row", "\tno such row\t"])(
    "costs no call, in a plugin's trailers: %j",
    async (message) => {
      ending("grpc-status", "5", "grpc-message", message);

      expect(await call()).toMatchObject({ status: "5", message: message.trim() });
    },
  );

  test("costs no call, in what a client sends, and reaches no plugin", async () => {
    ending("grpc-status", "0");

    const { status } = await call([...sound, "x-note", "ends with a blank "]);

    expect(status).toBe("0");
    expect(prism.plugin.calls[0]?.headers.get("x-note")).toBe("ends with a blank");
  });

  test("ends no connection that others share, however many there are", async () => {
    ending("grpc-status", "5", "grpc-message", "gone ");

    const calls = await manyCalls();

    expect(calls.filter(({ status }) => status === "5")).toHaveLength(400);
    expect(prism.plugin.connections).toBe(1);
  });
});

test("bytes beyond ASCII and tabs within a value pass both ways", async () => {
  ending("grpc-status", "0", "x-note", "a\tb\xe4\xff");

  const { status, trailers } = await call([...sound, "x-note", "\xe4\tb"]);

  expect(status).toBe("0");
  expect(trailers.get("x-note")).toBe("a\tb\xe4\xff");
  expect(prism.plugin.calls[0]?.headers.get("x-note")).toBe("\xe4\tb");
});

test("a plugin's value that must be refused ends its call, costs no other, and the log names the field", async () => {
  ending("grpc-status", "5", "x-broken", "a\r\nb");

  const broken = await manyCalls();
  ending("grpc-status", "0");

  expect(broken.filter(({ status }) => status === "13")).toHaveLength(400);
  expect((await call()).status).toBe("0");
  expect(prism.plugin.connections).toBe(1);
  expect(prism.logged.join("\n")).toContain("x-broken");
});

test.each(["no such row: ", " both ", " ", "a\tb", "ä 100 %", "línea\nnueva", "\x7f"])(
  "what Prism writes as grpc-message holds nothing that is stripped or refused: %j",
  (message) => {
    const coded = encodeGrpcMessage(message);

    expect(coded).toMatch(/^([!-$&-~]|%[0-9A-F]{2})(( |[!-$&-~]|%[0-9A-F]{2})*([!-$&-~]|%[0-9A-F]{2}))?$/);
    expect(decodeGrpcMessage(coded)).toBe(message);
  },
);
