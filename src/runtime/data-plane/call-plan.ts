import { metadataEntries, PrismError } from "../../protocol/index.js";
import { type HeaderList, parseTimeout } from "../../wire/index.js";
import type { Permit } from "../model/permit.js";
import type { Principal } from "../model/principal.js";
import type { RouteTable } from "../model/route-table.js";
import { type CallMetrics, type OperationMetrics, otherOperation, unknownNamespace } from "./call-metrics.js";
import type { Instance } from "./instance.js";
import { type Method, methods } from "./methods.js";
import type { PluginHeaders } from "./plugin-headers.js";
import { failureAnswer } from "./refusal.js";
import { RequestHead } from "./request-head.js";
import type { RequestPath } from "./request-path.js";
import type { ActiveRoute, Routes } from "./routes.js";

/** What a call's header block decides: all of it, once. Holds as long as the table stands by which it was decided. */
export interface CallPlan<M extends Method = Method> {
  readonly kind: "served";
  readonly table: RouteTable;
  readonly permit: Permit;
  readonly method: M;
  readonly route: ActiveRoute;
  readonly instance: Instance;
  /** Headers of the call to the plugin. */
  readonly headers: PluginHeaders;
  /** Metadata that is appended to an ExecuteRequest: who calls, and the trace. */
  readonly suffix: Buffer;
  /** The caller's, at most the namespace's; undefined = none. */
  readonly timeoutMs: number | undefined;
  readonly metrics: OperationMetrics;
}

/** A call that is refused by its header block alone. */
export interface RefusedPlan {
  readonly kind: "refused";
  readonly table: RouteTable;
  /** The whole answer; undefined where the request is no gRPC. */
  readonly answer: HeaderList | undefined;
  readonly error: PrismError;
  readonly metrics: OperationMetrics;
}

/** What planning needs to know. */
export interface Planner {
  readonly path: RequestPath;
  readonly routes: Routes;
  readonly metrics: CallMetrics;
}

/** Decides a call by its header block, or looks up what was decided when the same block came before. */
export function planCall(headers: HeaderList, planner: Planner): CallPlan | RefusedPlan {
  const known = headers.memo as CallPlan | RefusedPlan | undefined;
  if (known !== undefined && known.table === planner.routes.table) return known;
  const plan = decide(headers, planner);
  headers.memo = plan;
  return plan;
}

function decide(headers: HeaderList, planner: Planner): CallPlan | RefusedPlan {
  const { table } = planner.routes;
  const head = new RequestHead(headers);
  try {
    return serve(headers, head, planner);
  } catch (reason) {
    const error = PrismError.from(reason);
    const answer = head.isGrpc ? failureAnswer(error) : undefined;
    return { kind: "refused", table, answer, error, metrics: metricsOfRefused(head, planner) };
  }
}

function serve(headers: HeaderList, head: RequestHead, { path, routes, metrics }: Planner): CallPlan {
  const principal = path.authenticate(headers); // who is calling?
  const method = methodOf(head); // what do they want?
  const namespace = namespaceOf(head);
  const permit = path.authorize(principal, { namespace, operation: operationOf(method) }); // may they?
  const route = routes.find(permit.namespace); // where does it go?
  if (method.kind === "typed") route.checkServed(permit.operation);
  return {
    kind: "served",
    table: routes.table,
    permit,
    method,
    route,
    instance: route.instance,
    headers: route.headersFor(method, identityFields(principal, head)),
    suffix: metadataEntries(identity(principal, head)),
    timeoutMs: timeoutOf(head, route),
    metrics: metrics.of(namespace, method.kind === "typed" ? permit.operation : otherOperation),
  };
}

function methodOf(head: RequestHead): Method {
  if (!head.isGrpc) throw new PrismError("invalidRequest", "the request is no gRPC");
  const method = methods.get(head.path);
  if (method) return method;
  const message = `no method "${head.path.slice(0, 200)}": Prism serves prism.data.v1.Data and its typed services, such as prism.keyvalue.v1.KeyValue`;
  throw new PrismError("unknownMethod", message);
}

function namespaceOf({ namespace }: RequestHead): string {
  if (namespace !== "") return namespace;
  const message = 'the call does not say whose data it is for: send the header "prism-namespace"';
  throw new PrismError("noNamespace", message);
}

function operationOf(method: Method): string {
  return method.kind === "typed" ? method.operation : "*";
}

/** Who calls and in which trace, as the plugin sees it. */
function identity({ name }: Principal, { traceparent }: RequestHead): Record<string, string> {
  return { "prism-principal": name, ...(traceparent === "" ? {} : { traceparent }) };
}

/** The headers of a stream. Its messages are the client's own, so how they are coded is told as well. */
function identityFields(principal: Principal, head: RequestHead): string[] {
  const fields = {
    ...identity(principal, head),
    ...(head.encoding === "" ? {} : { "grpc-encoding": head.encoding }),
    ...(head.acceptEncoding === "" ? {} : { "grpc-accept-encoding": head.acceptEncoding }),
  };
  return Object.entries(fields).flat();
}

function timeoutOf({ timeout }: RequestHead, { deadlineMs }: ActiveRoute): number | undefined {
  const ceiling = deadlineMs === 0 ? undefined : deadlineMs;
  if (timeout === "") return ceiling;
  const ms = parseTimeout(timeout);
  if (ms === undefined) {
    const message = `grpc-timeout "${timeout.slice(0, 20)}" is no timeout: send 1 to 8 digits and one of H M S m u n`;
    throw new PrismError("invalidRequest", message);
  }
  return Math.min(ms, ceiling ?? Infinity);
}

function metricsOfRefused({ path, namespace }: RequestHead, { routes, metrics }: Planner): OperationMetrics {
  const method = methods.get(path);
  const operation = method?.kind === "typed" ? method.operation : otherOperation;
  const known = Object.hasOwn(routes.table.routes, namespace);
  return metrics.of(known ? namespace : unknownNamespace, operation);
}
