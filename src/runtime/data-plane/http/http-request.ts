import { Code, PrismError } from "../../../protocol/index.js";
import { HttpRefusal } from "./http-refusal.js";

/** Raw bytes at a key. */
export interface KeyRequest {
  readonly kind: "key";
  readonly verb: (typeof keyVerbs)[number];
  readonly namespace: string;
  readonly key: string;
}

/** An operation with its parameters as JSON. */
export interface OperationRequest {
  readonly kind: "operation";
  readonly namespace: string;
  readonly operation: string;
}

/** What a namespace can do. */
export interface NamespaceRequest {
  readonly kind: "namespace";
  readonly namespace: string;
}

/** What a request asks for, by its method and path. */
export type HttpRequest =
  | KeyRequest
  | OperationRequest
  | NamespaceRequest
  /** Which namespaces there are. */
  | { readonly kind: "namespaces" }
  /** Is this process alive; and does it take calls? */
  | { readonly kind: "liveness" }
  | { readonly kind: "readiness" }
  /** All of this, as a document of OpenAPI. */
  | { readonly kind: "openapi" };

const keyVerbs = ["GET", "HEAD", "PUT", "DELETE"] as const;
const readVerbs = ["GET", "HEAD"] as const;
const pathForm = /^\/v1\/namespaces\/([^/]+)(?:\/(?:kv\/(.*)|([^/]+)))?$/s;

/** What stands in a target: printable ASCII, without what ends one or is taken for a slash. */
const targetForm = /^[\x21\x22\x24-\x5b\x5d-\x7e]*$/;
const dotSegment = /^(?:\.|%2e){1,2}$/i;

const fixedPaths: ReadonlyMap<string, HttpRequest> = new Map([
  ["/v1/namespaces", { kind: "namespaces" }],
  ["/v1/openapi.json", { kind: "openapi" }],
  ["/healthz", { kind: "liveness" }],
  ["/readyz", { kind: "readiness" }],
]);

/** Whether a path is one of HTTP's, whatever comes of it; others are gRPC's. */
export function isHttpPath(target: string): boolean {
  return target.startsWith("/v1/") || target === "/healthz" || target === "/readyz";
}

/** Reads a request's first line. Throws where there is nothing of that name, or it does not take the method. */
export function readHttpRequest(verb: string, target: string): HttpRequest {
  const path = pathIn(target);
  const fixed = fixedPaths.get(path);
  if (fixed) {
    verbFrom(verb, readVerbs);
    return fixed;
  }
  const found = pathForm.exec(path);
  if (!found) throw notThere(path);
  const [, namespace = "", key, operation] = found;
  if (key !== undefined) {
    const known = verbFrom(verb, keyVerbs);
    return { kind: "key", verb: known, namespace: decode(namespace), key: decode(key) };
  }
  if (operation === undefined) {
    verbFrom(verb, readVerbs);
    return { kind: "namespace", namespace: decode(namespace) };
  }
  verbFrom(verb, ["POST"]);
  return { kind: "operation", namespace: decode(namespace), operation: decode(operation) };
}

/** The path of a target, as it is coded. Throws where somebody on the way could take it for another. */
function pathIn(target: string): string {
  if (!targetForm.test(target)) {
    throw invalid(
      "the path has what no path has (a blank, #, \\, or a letter beyond ASCII): percent-encode its UTF-8",
    );
  }
  const [path = "", query] = target.split("?", 2);
  if (query) throw invalid(`nothing is read of a query, such as "?${query.slice(0, 100)}": leave it out`);
  if (path.split("/").some((segment) => dotSegment.test(segment))) {
    throw invalid(
      "the path has a segment . or .., which is resolved on the way: write a slash of the key as %2F",
    );
  }
  return path;
}

function invalid(message: string): PrismError {
  return new PrismError("invalidRequest", message);
}

function verbFrom<Verb extends string>(verb: string, allowed: readonly Verb[]): Verb {
  const known = allowed.find((each) => each === verb);
  if (known) return known;
  const list = allowed.join(", ");
  const error = new PrismError("unknownMethod", `${verb} is not served here: use ${list}`);
  throw new HttpRefusal(error, 405, { allow: list });
}

function notThere(path: string): HttpRefusal {
  const message = `nothing at "${path.slice(0, 200)}": there are /v1/namespaces/{namespace}/kv/{key} and POST /v1/namespaces/{namespace}/{operation}; /v1/openapi.json tells all`;
  return new HttpRefusal(new PrismError("unknownMethod", message), 404);
}

function decode(coded: string): string {
  try {
    return decodeURIComponent(coded);
  } catch {
    const message = `"${coded.slice(0, 100)}" is not percent-encoded UTF-8: encode % as %25`;
    throw new PrismError("invalidRequest", message, { code: Code.INVALID_ARGUMENT });
  }
}
