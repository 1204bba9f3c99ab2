import type { JsonObject } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../../protocol/gen/google/rpc/status_pb.js";
import { typedOperations } from "../../../../protocol/index.js";
import { keyPath } from "./key-path.js";
import { schemasOf } from "./message-schemas.js";
import { namespacePaths, namespaceSchemas } from "./namespace-paths.js";
import { operationPaths, operationSchemas } from "./operation-paths.js";

/** What is served under /v1/, as a document of OpenAPI 3.1; made from the protos, so that it says what they say. */
export class OpenApi {
  #document: JsonObject | undefined;

  /** The document; made when it is asked for first. */
  get document(): JsonObject {
    return (this.#document ??= makeDocument());
  }
}

function makeDocument(): JsonObject {
  const messages = [...typedOperations.values()].flatMap(({ input, output }) => [input, output]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Prism",
      version: "v1",
      summary: "One door to an organisation's data.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths: {
      ...namespacePaths(),
      "/v1/namespaces/{namespace}/kv/{key}": keyPath(),
      ...operationPaths(),
    },
    components: {
      schemas: { ...schemasOf([...messages, StatusSchema]), ...namespaceSchemas, ...operationSchemas },
    },
  };
}
