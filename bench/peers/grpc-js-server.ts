/** A plugin as one writes it with grpc-js and generated messages: `get` from a Map. Argument: the socket. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { GetRequestSchema, GetResponseSchema } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  type ExecuteRequest,
  ExecuteRequestSchema,
  type ExecuteResponse,
  ExecuteResponseSchema,
} from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { smallKey, smallValue } from "../plugin/messages.js";

const [socket = ""] = process.argv.slice(2);
const values = new Map([[smallKey, smallValue]]);

const service: ServiceDefinition = {
  Execute: {
    path: "/prism.plugin.BackendPlugin/Execute",
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: ExecuteRequest) => Buffer.from(toBinary(ExecuteRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(ExecuteRequestSchema, bytes),
    responseSerialize: (message: ExecuteResponse) => Buffer.from(toBinary(ExecuteResponseSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(ExecuteResponseSchema, bytes),
  },
};

const server = new Server();
server.addService(service, {
  Execute: (
    call: { request: ExecuteRequest },
    answer: (error: unknown, response?: ExecuteResponse) => void,
  ) => {
    const { params } = call.request;
    const request = params.case === "typedParams" && anyUnpack(params.value, GetRequestSchema);
    if (!request) {
      answer({ code: status.INVALID_ARGUMENT, details: "expected a GetRequest" });
      return;
    }
    const value = values.get(request.key);
    const found = value === undefined ? { found: false } : { found: true, value };
    const result = anyPack(GetResponseSchema, create(GetResponseSchema, found));
    answer(
      null,
      create(ExecuteResponseSchema, { success: true, result: { case: "typedResult", value: result } }),
    );
  },
} as never);
server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), () => process.stdout.write("ready\n"));
