// Any gRPC client speaks to Prism: this one is @grpc/grpc-js with the .proto files, and nothing of Prism.
//   node examples/stock-client.js [host:port] [namespace]
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [address = "127.0.0.1:50051", namespace = "default"] = process.argv.slice(2);

const proto = fileURLToPath(new URL("../proto", import.meta.url));
const definition = loadSync("prism/keyvalue/v1/keyvalue.proto", { includeDirs: [proto], keepCase: true });
const { KeyValue } = grpc.loadPackageDefinition(definition).prism.keyvalue.v1;

const client = new KeyValue(address, grpc.credentials.createInsecure());
const call = (method, request) => {
  const metadata = new grpc.Metadata();
  metadata.set("prism-namespace", namespace);
  return promisify(client[method]).call(client, request, metadata, { deadline: Date.now() + 5000 });
};

try {
  await call("Set", { key: "greeting", value: Buffer.from("hello from grpc-js") });
  const { found, value } = await call("Get", { key: "greeting" });
  console.log(found ? `greeting is "${value}"` : "greeting is not there");
} catch ({ details, message }) {
  console.error(`${address}: ${details ?? message}`);
  process.exitCode = 1;
} finally {
  client.close();
}
