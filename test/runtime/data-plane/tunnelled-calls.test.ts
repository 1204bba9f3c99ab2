import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HeaderList } from "../../../src/wire/index.js";
import { answerRaw, framed, replyHead } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { RawCall, RawClient } from "./raw-client.js";

const pay = "/acme.billing.v1.Invoices/Pay";
const shelfFile = create(FileDescriptorProtoSchema, {
  name: "shelf.proto",
  package: "prism_test",
  service: [{ name: "Shelf", method: [{ name: "Get" }] }],
});
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({
    token: "shared",
    route: { services: ["acme.billing.v1.Invoices"] },
    settings: { defaultNamespace: "orders" },
  });
  prism.plugin.answer = (call) => answerRaw(call, framed(Buffer.from("paid")));
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

describe("a call to a service that a plugin declares", () => {
  test("reaches the plugin under its own path, byte for byte, and so does the answer reach the client", async () => {
    const message = framed(Buffer.from([0, 255, 1]), 1);

    const result = await raw.call(pay).send(message).result;

    expect(prism.plugin.calls[0]?.headers.get(":path")).toBe(pay);
    expect(prism.plugin.calls[0]?.framed).toEqual(message);
    expect(result).toMatchObject({ status: "0", data: framed(Buffer.from("paid")) });
    expect(prism.counted("acme.billing.v1.Invoices", "OK")).toBe(1);
    expect(prism.ledger()).toMatchObject({ started: 1, completed: 1 });
  });

  test("is counted by its method where the plugin describes that, as clients can make others up", async () => {
    const described = await Proxied.start({
      route: {
        services: ["prism_test.Shelf"],
        fileDescriptors: [Buffer.from(toBinary(FileDescriptorProtoSchema, shelfFile)).toString("base64")],
      },
    });
    const own = await RawClient.connect(described.port);

    for (const method of ["Get", "Made", "Up"])
      await own.call(`/prism_test.Shelf/${method}`).send(framed(Buffer.alloc(0))).result;

    expect(described.counted("prism_test.Shelf/Get", "OK")).toBe(1);
    expect(described.counted("prism_test.Shelf", "OK")).toBe(2);
    own.vanish();
    await described.stop();
  });

  test("keeps its metadata: binary, repeated, and in its order", async () => {
    const metadata = ["x-tag", "a", "trace-bin", "AAEC/w", "x-tag", "b", "grpc-encoding", "gzip"];
    await call([...metadata, "user-agent", "tester/1", "grpc-accept-encoding", "gzip,zstd"]).result;

    const { fields } = onlyCall().headers;
    expect(fields.join(" ")).toContain(metadata.join(" "));
    expect(onlyCall().headers.get("user-agent")).toBe("tester/1");
    expect(onlyCall().headers.get("grpc-accept-encoding")).toBe("gzip,zstd");
  });

  test("may say something else each time: a thousand calls are told apart, and counted as one", async () => {
    for (let turn = 0; turn < 1000; turn++) {
      const own = { "x-tag": `t${turn}`, ":authority": `t${turn}.example` };
      const call = raw.call(`/acme.billing.v1.Invoices/t${turn}`, own);
      expect((await call.send(framed(Buffer.from(`t${turn}`))).result).status).toBe("0");
    }

    for (const { headers, framed: message } of prism.plugin.calls) {
      const tag = headers.get("x-tag") ?? "";
      expect(headers.get(":path")).toBe(`/acme.billing.v1.Invoices/${tag}`);
      expect(headers.get(":authority")).toBe(`${tag}.example`);
      expect(message).toEqual(framed(Buffer.from(tag)));
    }
    expect(prism.plugin.calls).toHaveLength(1000);
    expect(prism.counted("acme.billing.v1.Invoices", "OK")).toBe(1000);
  });

  test("keeps its content-type and authority, whatever its messages are coded in", async () => {
    const result = await raw
      .call(pay, { "content-type": "application/grpc+json", ":authority": "billing.acme.example" })
      .send(framed(Buffer.from("{}"))).result;

    expect(result.status).toBe("0");
    expect(onlyCall().headers.get("content-type")).toBe("application/grpc+json");
    expect(onlyCall().headers.get(":authority")).toBe("billing.acme.example");
  });

  test("cannot pass for Prism: what it says in Prism's name is replaced by what is so", async () => {
    const forged = ["prism-principal", "root", "prism-plugin-token", "guessed", "prism-anything", "x"];
    await call([...forged, "traceparent", "nonsense", "tracestate", "a=b"]).result;

    expect(said("prism-principal")).toEqual(["anonymous"]);
    expect(said("prism-plugin-token")).toEqual(["shared"]);
    expect(said("prism-namespace")).toEqual(["orders"]);
    expect(said("prism-anything")).toEqual([]);
    expect(said("traceparent")).toEqual([]);
    expect(said("tracestate")).toEqual([]);
  });

  test("goes on in its trace, and keeps the caller's credentials from the plugin", async () => {
    await call(["traceparent", trace, "tracestate", "a=b", "authorization", "Bearer secret"]).result;

    expect(said("traceparent")).toEqual([trace]);
    expect(said("tracestate")).toEqual(["a=b"]);
    expect(said("authorization")).toEqual([]);
  });

  test("is told the time that is left", async () => {
    await raw.call(pay, { "grpc-timeout": "7000000u" }).send(framed(Buffer.alloc(0))).result;

    const [left = "", ...more] = said("grpc-timeout");
    expect(more).toEqual([]);
    expect(left).toMatch(/^\d+m$/);
    expect(parseInt(left)).toBeLessThanOrEqual(7000);
  });

  test("gets response headers, trailers and status details untouched", async () => {
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(new HeaderList([...replyHead.fields, "x-initial", "1", "blob-bin", "AP8"]), false);
      stream.sendData(framed(Buffer.from("half")), false);
      const status = [
        "grpc-status",
        "9",
        "grpc-message",
        "not%20now",
        "grpc-status-details-bin",
        "CAkSA25vdA",
      ];
      stream.sendHeaders(new HeaderList([...status, "x-trailing-bin", "qrs"]), true);
    };

    const { headers, trailers, status } = await raw.call(pay).send(framed(Buffer.alloc(0))).result;

    expect(headers.get("x-initial")).toBe("1");
    expect(headers.get("blob-bin")).toBe("AP8");
    expect(status).toBe("9");
    expect(trailers.fields).toEqual([
      ...["grpc-status", "9", "grpc-message", "not%20now", "grpc-status-details-bin", "CAkSA25vdA"],
      ...["x-trailing-bin", "qrs"],
    ]);
    expect(prism.counted("acme.billing.v1.Invoices", "FAILED_PRECONDITION")).toBe(1);
  });

  test("goes to the default namespace where it names none", async () => {
    const result = await raw.call(pay, { "prism-namespace": "" }).send(framed(Buffer.alloc(0))).result;

    expect(result.status).toBe("0");
    expect(said("prism-namespace")).toEqual(["orders"]);
  });
});

describe("a call is refused as one to no method", () => {
  test.each([
    "/acme.billing.v1.Other/Pay",
    "//acme.billing.v1.Invoices/Pay",
    "/acme.billing.v1.Invoices/Pay/",
    "/acme.billing.v1.Invoices/Pay?x=1",
    "/acme.billing.v1.Invoices%2FPay",
    "/acme.billing.v1.invoices/Pay",
    "/acme.billing.v1.Invoices/P%61y",
    "acme.billing.v1.Invoices/Pay",
    "/prism.plugin.BackendPlugin/Shutdown",
  ])("when its path is %s", async (odd) => {
    const result = await raw.call(odd).send(framed(Buffer.alloc(0))).result;

    expect(result).toMatchObject({ status: "12", info: { reason: "UNKNOWN_METHOD" } });
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("when the plugin does not declare its service, and what it declares is told", async () => {
    const { message } = await raw.call("/acme.Other/Pay").send(framed(Buffer.alloc(0))).result;

    expect(message).toContain("services it declares: acme.billing.v1.Invoices");
  });

  test("but as one that nobody serves while no instance is there to have declared anything", async () => {
    prism.route("orders", undefined, "");

    expect((await raw.call(pay).send(framed(Buffer.alloc(0))).result).status).toBe("14");
  });
});

/** A call whose headers come after what every call has, repeated names included. */
function call(more: readonly string[]): RawCall {
  const head = [":method", "POST", ":scheme", "http", ":path", pay, ":authority", "prism"];
  const fields = [...head, "content-type", "application/grpc", "te", "trailers", "prism-namespace", "orders"];
  return new RawCall(raw.connection, new HeaderList([...fields, ...more])).send(framed(Buffer.alloc(0)));
}

function onlyCall() {
  const [first] = prism.plugin.calls;
  if (!first || prism.plugin.calls.length > 1) throw new Error("not exactly one call reached the plugin");
  return first;
}

/** Every value of a name that reached the plugin. */
function said(name: string): string[] {
  const { fields } = onlyCall().headers;
  return fields.filter((_, index) => index % 2 === 1 && fields[index - 1] === name);
}
