import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GetRequestSchema } from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { HeaderList } from "../../../src/wire/index.js";
import { answerWith, framed, replyHead } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";

// A plugin without the SDK says whatever it likes. What Prism reads of a failure goes on without the namespace's secrets.

const said = "password authentication failed for postgres://u:m4rker@h";
const told = "password authentication failed for postgres://u:(hidden)@h";
const getRequest = framed(toBinary(GetRequestSchema, create(GetRequestSchema, { key: "k" })));
const pay = "/acme.billing.v1.Invoices/Pay";

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({ secrets: ["m4rker"], route: { services: ["acme.billing.v1.Invoices"] } });
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

test("the error of a typed operation reaches its caller without the namespace's secrets", async () => {
  prism.plugin.answer = (call) => answerWith(call, { success: false, error: said, errorCode: 9 });

  const { status, message, trailers } = await raw.call(path.get).send(getRequest).result;

  expect([status, message]).toEqual(["9", told]);
  const details = Buffer.from(trailers.get("grpc-status-details-bin") ?? "", "base64").toString();
  expect(details).toContain(told);
  expect(details).not.toContain("m4rker");
});

test("so does the error of an operation that is asked for over HTTP", async () => {
  prism.plugin.answer = (call) => answerWith(call, { success: false, error: said, errorCode: 9 });

  const answer = await fetch(`http://127.0.0.1:${prism.port}/v1/namespaces/orders/kv/k`);

  expect(await answer.json()).toMatchObject({ message: told });
});

test.each([path.get, path.execute, pay])(
  "the status with which a plugin ends a call to %s has no secrets in it, nor in its details",
  async (to) => {
    const details = Buffer.from(`\x08\x0e\x12${said}`).toString("base64");
    const status = ["grpc-status", "14", "grpc-message", said, "grpc-status-details-bin", details];
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(new HeaderList([...replyHead.fields, ...status, "x-kept", "1"]), true);
    };

    const { message, trailers } = await raw.call(to).send(getRequest).result;

    expect(message).toBe(told);
    const all = trailers.fields.map((field) => Buffer.from(field, "base64").toString() + field).join();
    expect(all).not.toContain("m4rker");
    if (to === pay) expect(trailers.get("x-kept")).toBe("1");
  },
);
