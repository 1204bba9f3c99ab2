import { connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  file_prism_keyvalue_v1_keyvalue,
  GetRequestSchema,
  GetResponseSchema,
} from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { Code, PluginError, streaming, unary } from "../../src/sdk/index.js";
import {
  callUnary,
  type ClientConnection,
  connectHttp2,
  type GrpcError,
  openCall,
} from "../../src/wire/index.js";
import { type Served, serveOperations } from "./support.js";

const shelf = "/acme.shelf.v1.Shelf";
const get = toBinary(GetRequestSchema, create(GetRequestSchema, { key: "k" }));
const namespace = ["prism-namespace", "ns"];

let served: Served;
let connection: ClientConnection;
beforeAll(async () => {
  served = await serveOperations(
    {},
    {
      namespace: {
        services: {
          "acme.shelf.v1.Shelf": {
            Get: unary({
              request: GetRequestSchema,
              response: GetResponseSchema,
              run({ key }, call) {
                if (key === "") throw new PluginError(Code.INVALID_ARGUMENT, "an empty key");
                const value = [key, call.operation, call.principal, call.metadata("x-tag")].join(" ");
                return { found: true, value: Buffer.from(value) };
              },
            }),
            Repeat: streaming({
              request: "bytes",
              response: "bytes",
              async *run(requests) {
                for await (const request of requests) yield* [request, request];
              },
            }),
          },
        },
        files: [file_prism_keyvalue_v1_keyvalue],
      },
    },
  );
  const ignore = (): void => undefined;
  connection = connectHttp2(
    connect(served.plugin.socket),
    {},
    { onAvailable: ignore, onGoaway: ignore, onClose: ignore },
  );
});
afterAll(async () => {
  connection.destroy();
  await served[Symbol.asyncDispose]();
});

describe("a service of a plugin's own", () => {
  test("is declared to Prism, with the files that describe it", async () => {
    const { services, fileDescriptors } = await served.client.initialize("other", {});

    const names = fileDescriptors.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
    expect(services).toEqual(["acme.shelf.v1.Shelf"]);
    expect(names).toEqual(["prism/keyvalue/v1/keyvalue.proto"]);
  });

  test("answers once, and its call knows who calls and the metadata", async () => {
    const headers = [...namespace, "prism-principal", "user:ann", "x-tag", "blue"];

    const { message } = await callUnary(connection, { path: `${shelf}/Get`, headers, message: get });

    expect(Buffer.from(fromBinary(GetResponseSchema, message).value).toString()).toBe(
      "k acme.shelf.v1.Shelf/Get user:ann blue",
    );
  });

  test("takes and answers many messages", async () => {
    const call = openCall(connection, { path: `${shelf}/Repeat`, headers: namespace });

    call.send(Buffer.from("a"));
    call.send(Buffer.from("b"));
    call.end();

    const heard: string[] = [];
    for await (const message of call.messages) heard.push(message.toString());
    expect(heard).toEqual(["a", "a", "b", "b"]);
  });

  test("fails with the status that its author throws", async () => {
    const call = callUnary(connection, {
      path: `${shelf}/Get`,
      headers: namespace,
      message: Buffer.alloc(0),
    });

    await expect(call).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, message: "an empty key" });
  });

  test.each(["/acme.shelf.v1.Shelf/Put", "/acme.Other/Get", "/Execute", "/prism.plugin.BackendPlugin/Get"])(
    "has no method %s",
    async (path) => {
      const failure: unknown = await callUnary(connection, { path, headers: namespace, message: get }).catch(
        (reason: unknown) => reason,
      );

      expect((failure as GrpcError).code).toBe(Code.UNIMPLEMENTED);
    },
  );

  test("answers once to one message, no fewer and no more", async () => {
    for (const messages of [[], [get, get]]) {
      const call = openCall(connection, { path: `${shelf}/Get`, headers: namespace });
      for (const message of messages) call.send(message);
      call.end();

      await expect(call.trailers).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: "the call does not carry exactly one message",
      });
    }
  });
});
