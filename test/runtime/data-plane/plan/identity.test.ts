import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ExecuteRequestSchema } from "../../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { Identity } from "../../../../src/runtime/data-plane/plan/identity.js";

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("a message is told who calls and in which trace", () => {
  const identity = new Identity();

  const told = [trace, "", trace.replace("0af", "1af")].map((traceparent) =>
    identity.metadata({ name: "user:ann", groups: [] }, traceparent),
  );

  expect(told.map((bytes) => fromBinary(ExecuteRequestSchema, bytes.toBuffer()).metadata)).toEqual([
    { "prism-principal": "user:ann", traceparent: trace },
    { "prism-principal": "user:ann" },
    { "prism-principal": "user:ann", traceparent: trace.replace("0af", "1af") },
  ]);
});

test("principals are kept apart, however many there are", () => {
  const identity = new Identity();
  const names = Array.from({ length: 3000 }, (_, n) => `user:${n % 1500}`);

  const told = names.map((name) => identity.metadata({ name, groups: [] }, ""));

  expect(
    told.map((bytes) => fromBinary(ExecuteRequestSchema, bytes.toBuffer()).metadata["prism-principal"]),
  ).toEqual(names);
});
