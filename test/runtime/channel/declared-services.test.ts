import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { InitializeResponseSchema } from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { declaredServices, problemOfServices } from "../../../src/runtime/channel/declared-services.js";

function response(fields: MessageInitShape<typeof InitializeResponseSchema>) {
  return create(InitializeResponseSchema, fields);
}

test("services that a plugin declares and those that the configuration names are served, each once", () => {
  const { services } = declaredServices(response({ services: ["a.B", "a.C"] }), ["a.C", "a.D"]);

  expect(services).toEqual(["a.B", "a.C", "a.D"]);
});

test("what describes them travels as base64", () => {
  const { fileDescriptors } = declaredServices(response({ fileDescriptors: [Buffer.from([0, 255])] }), []);

  expect(fileDescriptors).toEqual(["AP8="]);
});

describe("a declaration is refused", () => {
  test.each([
    "",
    "a.B/C",
    ".a.B",
    "a..B",
    "a.B.",
    "a b",
    "1a.B",
    "prism.keyvalue.v1.KeyValue",
    "x".repeat(256),
  ])('that names the service "%s"', (name) =>
    expect(problemOfServices(response({ services: ["a.B", name] }))).toContain("declares the service"),
  );

  test("of more than 256 services", () => {
    const services = Array.from({ length: 257 }, (_, index) => `a.B${index}`);

    expect(problemOfServices(response({ services }))).toContain("at most 256");
  });

  test("that describes its services in more than 256 KiB", () => {
    const half = new Uint8Array(128 * 1024);

    expect(problemOfServices(response({ fileDescriptors: [half, half] }))).toBeUndefined();
    expect(problemOfServices(response({ fileDescriptors: [half, half, half] }))).toContain("at most 262144");
  });
});
