/** A proxy as one writes it with grpc-js: bytes through, nothing decoded. Arguments: port, upstream socket. */
import { Client, credentials, type ServiceDefinition, Server, ServerCredentials } from "@grpc/grpc-js";

const [port = "0", upstream = ""] = process.argv.slice(2);
const path = "/prism.plugin.BackendPlugin/Execute";
const asIs = (bytes: Buffer): Buffer => bytes;
const sizes = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

const service: ServiceDefinition = {
  Execute: {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
};

const client = new Client(`unix:${upstream}`, credentials.createInsecure(), sizes);
const server = new Server(sizes);
server.addService(service, {
  Execute: (
    call: { request: Buffer; metadata: never },
    answer: (error: never, response?: Buffer) => void,
  ) => {
    client.makeUnaryRequest(path, asIs, asIs, call.request, call.metadata, answer as never);
  },
} as never);
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), () =>
  process.stdout.write("ready\n"),
);
