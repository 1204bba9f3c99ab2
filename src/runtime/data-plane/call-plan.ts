import { metadataEntries, PrismError } from "../../protocol/index.js";
import { type HeaderList, parseTimeout } from "../../wire/index.js";
import type { Permit } from "../model/permit.js";
import type { Principal } from "../model/principal.js";
import type { RouteTable } from "../model/route-table.js";
import { type CallMetrics, type OperationMetrics, otherOperation, unknownNamespace } from "./call-metrics.js";
import { type Encoding, encodingFrom } from "./encoding.js";
import type { Instance } from "./instance.js";
import { type Method, methodAt } from "./methods.js";
import { passedFields, type ToldFields } from "./passed-fields.js";
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
  /** How the client compresses a message that is changed on its way; undefined where it comes as it is. */
  readonly encoding: Encoding | undefined;
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
  /** The namespace of calls that name none; empty = such calls are refused. */
  readonly defaultNamespace: string;
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
  const head = new RequestHead(headers, planner.defaultNamespace);
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
  const namespace = namespaceOf(head, method);
  const permit = path.authorize(principal, { namespace, operation: method.operation }); // may they?
  const route = routes.find(permit.namespace); // where does it go?
  route.checkServed(method);
  return {
    kind: "served",
    table: routes.table,
    permit,
    method,
    route,
    instance: route.instance,
    encoding: isChanged(method) ? encodingFrom(head.encoding) : undefined,
    headers: route.headersFor(method, toldFields(method, { principal, head, headers })),
    suffix: metadataEntries(identity(principal, head)),
    timeoutMs: timeoutOf(head, route),
    metrics: metrics.of(namespace, labelOf(method)),
  };
}

function methodOf(head: RequestHead): Method {
  if (!head.isGrpc) throw new PrismError("invalidRequest", "the request is no gRPC");
  const method = methodAt(head.path);
  if (!method) throw unknownMethod(head);
  if (method.kind === "tunnelled" || head.isProtobuf) return method;
  const message = `messages of "${method.path}" are protobuf: send them as content-type application/grpc`;
  throw new PrismError("invalidRequest", message);
}

function namespaceOf(head: RequestHead, { kind }: Method): string {
  if (head.namespace !== "") return head.namespace;
  if (kind === "tunnelled") throw unknownMethod(head);
  const message = 'the call does not say whose data it is for: send the header "prism-namespace"';
  throw new PrismError("noNamespace", message);
}

function unknownMethod({ path }: RequestHead): PrismError {
  const message = `no method "${path.slice(0, 200)}": Prism serves prism.data.v1.Data and its typed services, such as prism.keyvalue.v1.KeyValue, and what the plugin of the namespace in the header "prism-namespace" declares`;
  return new PrismError("unknownMethod", message);
}

/** Whether a message is changed on its way. */
function isChanged({ kind }: Method): boolean {
  return kind === "typed" || kind === "execute";
}

/** Who calls and in which trace, as the plugin sees it. */
function identity({ name }: Principal, { traceparent }: RequestHead): Record<string, string> {
  return { "prism-principal": name, ...(traceparent === "" ? {} : { traceparent }) };
}

/** What the headers of a call tell the plugin. A raw stream's messages are the client's own, so how they are coded is told as well. */
function toldFields(
  method: Method,
  { principal, head, headers }: { principal: Principal; head: RequestHead; headers: HeaderList },
): ToldFields {
  const who = Object.entries(identity(principal, head)).flat();
  if (method.kind === "tunnelled") {
    const passed = passedFields(headers, head);
    return { ...passed, fields: [...who, ...passed.fields] };
  }
  const coding = [
    ...(head.encoding === "" ? [] : ["grpc-encoding", head.encoding]),
    ...(head.acceptEncoding === "" ? [] : ["grpc-accept-encoding", head.acceptEncoding]),
  ];
  return {
    authority: "plugin",
    contentType: "application/grpc",
    fields: [...who, ...coding],
    neverIndexed: [],
  };
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
  const method = methodAt(path);
  const operation = method?.kind === "typed" ? method.operation : otherOperation;
  const known = Object.hasOwn(routes.table.routes, namespace);
  return metrics.of(known ? namespace : unknownNamespace, operation);
}

/** Clients can make methods up, so those of a plugin's own service count by the service, and raw ones by their body. */
function labelOf(method: Method): string {
  if (method.kind === "typed") return method.operation;
  return method.kind === "tunnelled" ? method.service : otherOperation;
}
