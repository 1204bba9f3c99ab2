import { Code, PrismError, typedOperations, type TypedMethod } from "../../../protocol/index.js";

/** What an HTTP/1.1 request asks for, by its method and path. */
export type HttpRequest =
  /** Raw bytes at a key. */
  | {
      readonly kind: "key";
      readonly verb: "GET" | "HEAD" | "PUT" | "DELETE";
      readonly namespace: string;
      readonly key: string;
    }
  /** An operation with its parameters as JSON. */
  | { readonly kind: "operation"; readonly namespace: string; readonly method: TypedMethod };

/** A request that no door serves, with the HTTP status that says so best. */
export class HttpRefusal extends PrismError {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: PrismError, httpStatus: number, headers: Readonly<Record<string, string>> = {}) {
    super(error.kind, error.message, { code: error.code, info: error.info });
    this.httpStatus = httpStatus;
    this.headers = headers;
  }
}

const keyVerbs = ["GET", "HEAD", "PUT", "DELETE"] as const;
const pathForm = /^\/v1\/namespaces\/([^/]+)\/(?:kv\/(.*)|([^/]+))$/s;

/** Reads a request's first line. Throws where there is nothing of that name, or it does not take the method. */
export function readHttpRequest(verb: string, target: string): HttpRequest {
  const [path = ""] = target.split("?", 1);
  const found = pathForm.exec(path);
  if (!found) throw notThere(path);
  const [, namespace = "", key, operation = ""] = found;
  if (key === undefined) return operationRequest(verb, decode(namespace), decode(operation));
  const known = keyVerbs.find((each) => each === verb);
  if (!known) throw wrongVerb(verb, keyVerbs.join(", "));
  return { kind: "key", verb: known, namespace: decode(namespace), key: decode(key) };
}

function operationRequest(verb: string, namespace: string, operation: string): HttpRequest {
  if (verb !== "POST") throw wrongVerb(verb, "POST");
  const method = typedOperations.get(operation);
  if (method) return { kind: "operation", namespace, method };
  const known = [...typedOperations.keys()].join(", ");
  const message = `no operation "${operation.slice(0, 100)}" over HTTP: there are ${known}; any other goes by gRPC, prism.data.v1.Data/Execute`;
  throw new PrismError("operationNotServed", message);
}

function notThere(path: string): HttpRefusal {
  const message = `nothing at "${path.slice(0, 200)}": there are /v1/namespaces/{namespace}/kv/{key} and POST /v1/namespaces/{namespace}/{operation}`;
  return new HttpRefusal(new PrismError("unknownMethod", message), 404);
}

function wrongVerb(verb: string, allowed: string): HttpRefusal {
  const error = new PrismError("unknownMethod", `${verb} is not served here: use ${allowed}`);
  return new HttpRefusal(error, 405, { allow: allowed });
}

function decode(coded: string): string {
  try {
    return decodeURIComponent(coded);
  } catch {
    const message = `"${coded.slice(0, 100)}" is not percent-encoded UTF-8: encode % as %25`;
    throw new PrismError("invalidRequest", message, { code: Code.INVALID_ARGUMENT });
  }
}
