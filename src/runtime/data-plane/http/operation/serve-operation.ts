import { fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { PrismError, typedOperations, type TypedMethod } from "../../../../protocol/index.js";
import { mediaTypeOf } from "../exchange.js";
import { HttpRefusal } from "../http-refusal.js";
import type { OperationRequest } from "../http-request.js";
import type { Serving } from "../serving.js";

/** Serves an operation whose parameters and result are JSON. */
export async function serveOperation(serving: Serving, request: OperationRequest): Promise<void> {
  const { exchange } = serving;
  const method = methodOf(request);
  checkContentType(exchange.header("content-type"));
  const call = await serving.call(serving.headersFor(request.namespace, method.path), async () =>
    toBinary(method.input, parse(method, await serving.gather())),
  );
  const message = fromBinary(method.output, await serving.answerOf(call));
  const json = Buffer.from(`${toJsonString(method.output, message, { alwaysEmitImplicit: true })}\n`);
  exchange.begin(200, { "content-type": "application/json", "content-length": String(json.length) });
  await exchange.write(json);
  exchange.end();
}

function methodOf({ operation }: OperationRequest): TypedMethod {
  const method = typedOperations.get(operation);
  if (method) return method;
  const known = [...typedOperations.keys()].join(", ");
  const message = `no operation "${operation.slice(0, 100)}" over HTTP: there are ${known}; any other goes by gRPC, prism.data.v1.Data/Execute`;
  throw new PrismError("operationNotServed", message);
}

function checkContentType(field: string | undefined): void {
  // A web page may send other types to any address without being asked; JSON it may not.
  if (mediaTypeOf(field) === "application/json") return;
  const message =
    'send JSON: curl --json \'{"key":"greeting"}\', or the header content-type: application/json';
  throw new HttpRefusal(new PrismError("invalidRequest", message), 415);
}

function parse({ input }: TypedMethod, body: Buffer): ReturnType<typeof fromJsonString> {
  try {
    return fromJsonString(input, body.length === 0 ? "{}" : body.toString());
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    const fields = input.fields.map(({ jsonName }) => jsonName).join(", ");
    const message = `the body is no ${input.typeName} as JSON (${why}): it takes ${fields}`;
    throw new PrismError("invalidRequest", message, { cause: reason });
  }
}
