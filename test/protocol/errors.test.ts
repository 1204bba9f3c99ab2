import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { ErrorInfoSchema } from "../../src/protocol/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../src/protocol/gen/google/rpc/status_pb.js";
import {
  Code,
  codeFrom,
  codeName,
  httpStatusOf,
  PrismError,
  statusDetails,
} from "../../src/protocol/index.js";

describe("a failure", () => {
  test("has its kind's status, unless the plugin chose another", () => {
    expect(new PrismError("unknownNamespace", "").code).toBe(Code.NOT_FOUND);
    expect(new PrismError("operationFailed", "", { code: Code.ABORTED }).code).toBe(Code.ABORTED);
  });

  test("nobody foresaw is a bug that keeps its details to itself", () => {
    const error = PrismError.from(new Error("password=1234"));

    expect(error).toMatchObject({ kind: "bug", code: Code.INTERNAL });
    expect(error.message).not.toContain("1234");
  });

  test("is told to programs as google.rpc.Status with ErrorInfo, in base64 without padding", () => {
    const details = statusDetails(new PrismError("noNamespace", "grün", { info: { a: "b" } }));

    const status = fromBinary(StatusSchema, Buffer.from(details, "base64"));
    const info = status.details[0] && anyUnpack(status.details[0], ErrorInfoSchema);
    expect(details).not.toContain("=");
    expect(status).toMatchObject({ code: 3, message: "grün" });
    expect(info).toMatchObject({ reason: "NO_NAMESPACE", domain: "prism", metadata: { a: "b" } });
  });
});

describe("a status code", () => {
  test("has a name and an HTTP status", () => {
    for (const code of Object.values(Code)) {
      expect(codeFrom(code)).toBe(code);
      expect(codeName(code)).not.toBe("");
      expect(httpStatusOf(code)).toBeGreaterThanOrEqual(200);
    }
  });

  test.each([-1, 17, 1e9, NaN])("that gRPC does not know (%d) is UNKNOWN", (number) => {
    expect(codeFrom(number)).toBe(Code.UNKNOWN);
  });
});
