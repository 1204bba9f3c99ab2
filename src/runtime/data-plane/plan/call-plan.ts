import { PrismError } from "../../../protocol/index.js";
import { doubledField, type HeaderList, parseTimeout } from "../../../wire/index.js";
import type { Peer } from "../../model/peer.js";
import type { Principal } from "../../model/principal.js";
import {
  type CallMetrics,
  type OperationMetrics,
  otherOperation,
  prismItself,
  unknownNamespace,
} from "../common/call-metrics.js";
import { encodingFrom } from "../common/encoding.js";
import { Appendix, type Identity } from "./identity.js";
import type { LastPlan } from "./last-plan.js";
import type { LocalMethod, Method } from "../route/method.js";
import { methodAt } from "./methods.js";
import { passedFields } from "./passed-fields.js";
import type { ToldFields } from "../route/plugin-headers.js";
import type { CallPlan, LocalPlan, Plan } from "./plan.js";
import { failureAnswer } from "../common/refusal.js";
import { isTraceparent, RequestHead } from "./request-head.js";
import type { RequestPath } from "./request-path.js";
import type { ActiveRoute, Routes } from "../route/routes.js";

/** What planning needs to know. */
export interface Planner {
  /** At the other end of the connection. What was decided before is found by a header list, and each list is one connection's. */
  readonly peer: Peer;
  readonly path: RequestPath;
  readonly routes: Routes;
  readonly metrics: CallMetrics;
  /** The namespace of calls that name none; empty = such calls are refused. */
  readonly defaultNamespace: string;
  readonly identity: Identity;
  /** What was decided last on this connection. */
  readonly last: LastPlan;
}

const nothing = new Appendix(Buffer.alloc(0), "");

/** Decides a call by its header block, or looks up what was decided when the same block came before. */
export function planCall(headers: HeaderList, planner: Planner): Plan {
  const known = headers.memo as Plan | undefined;
  if (known !== undefined && known.table === planner.routes.table) return known;
  const plan = decideLikeLast(headers, planner) ?? decide(headers, planner);
  headers.memo = plan;
  return plan;
}

/** The plan of a call that differs from the one before in its trace, timeout or namespace alone; undefined where all has to be decided. */
function decideLikeLast(headers: HeaderList, planner: Planner): CallPlan | undefined {
  const { last, routes, identity } = planner;
  const differences = last.differencesOf(headers, routes.table);
  if (differences === undefined) return undefined;
  const { plan, trace, timeout, namespace } = differences;
  const { method } = plan;
  // What is malformed is passed over, or refused: by who decides all.
  if (trace !== undefined && !isTraceparent(trace)) return undefined;
  if (timeout && parseTimeout(timeout) === undefined) return undefined;
  const way = namespace === undefined ? plan : wayTo(namespace, plan, planner);
  if (way === undefined) return undefined;
  const isWrapped = isChanged(method);
  const isTraced = trace !== undefined;
  const { principal } = plan.permit;
  return {
    kind: "served",
    table: plan.table,
    permit: way.permit,
    method,
    route: way.route,
    instance: way.instance,
    encoding: plan.encoding,
    headers:
      isTraced && !isWrapped ? plan.headers.beginningWith(identity.fields(principal, trace)) : way.headers,
    suffix: isTraced && isWrapped ? identity.metadata(principal, trace) : plan.suffix,
    timeoutMs: timeout === undefined ? plan.timeoutMs : timeoutOf(timeout, way.route),
    metrics: way.metrics,
  };
}

/** The part of a plan that hangs on the namespace. */
type Way = Pick<CallPlan, "permit" | "route" | "instance" | "headers" | "metrics">;

/** The way of a call that differs from another in its namespace; undefined where it is refused, or its headers tell more. */
function wayTo(namespace: string, plan: CallPlan, planner: Planner): Way | undefined {
  const { permit, method, instance, headers } = plan;
  if (namespace === "" || !isChanged(method)) return undefined;
  const { path, routes, metrics } = planner;
  try {
    const permitted = path.authorize(permit.principal, { namespace, operation: method.operation });
    const route = routes.find(permitted.namespace);
    const again = route.serveAgain(method, metrics);
    if (again?.instance === instance) {
      const told = headers.forNamespace(permitted.namespace);
      return { permit: permitted, route, instance, headers: told, metrics: again.metrics };
    }
    const served = route.serve(method, metrics);
    return { permit: permitted, route, instance: served.instance, headers: served, metrics: served.metrics };
  } catch {
    // Who decides all says why.
    return undefined;
  }
}

function decide(headers: HeaderList, planner: Planner): Plan {
  const { table } = planner.routes;
  const head = new RequestHead(headers, planner.defaultNamespace);
  try {
    const plan = serve(headers, head, planner);
    if (plan.kind === "served") planner.last.keep(headers, plan);
    return plan;
  } catch (reason) {
    const error = PrismError.from(reason);
    const answer = head.isGrpc ? failureAnswer(error) : undefined;
    return { kind: "refused", table, answer, error, metrics: metricsOfRefused(head, planner) };
  }
}

function serve(headers: HeaderList, head: RequestHead, planner: Planner): CallPlan | LocalPlan {
  const { path, routes, metrics, identity } = planner;
  checkUnambiguous(headers, head);
  const principal = path.authenticate(planner.peer, headers); // who is calling?
  const method = methodOf(head); // what do they want?
  if (method.kind === "local") return answerLocally(method, { principal, head, planner });
  const namespace = namespaceOf(head, method);
  const permit = path.authorize(principal, { namespace, operation: method.operation }); // may they?
  const route = routes.find(permit.namespace); // where does it go?
  const served = route.serve(method, metrics);
  const isWrapped = isChanged(method);
  return {
    kind: "served",
    table: routes.table,
    permit,
    method,
    route,
    instance: served.instance,
    encoding: isWrapped ? encodingFrom(head.encoding) : undefined,
    headers: isWrapped
      ? served
      : served.headersFor(
          toldFields(method, { who: identity.fields(principal, head.traceparent), head, headers }),
        ),
    suffix: isWrapped ? identity.metadata(principal, head.traceparent) : nothing,
    timeoutMs: timeoutOf(head.timeout, route),
    metrics: served.metrics,
  };
}

/** What could be read in two ways is refused before anybody reads it. */
function checkUnambiguous({ fields }: HeaderList, { authority, host }: RequestHead): void {
  const doubled = doubledField(fields);
  if (doubled !== undefined)
    throw new PrismError("invalidRequest", `the call has ${doubled} twice: send one`);
  if (host === "" || authority === "" || host.toLowerCase() === authority.toLowerCase()) return;
  throw new PrismError("invalidRequest", "the call's host is not its :authority: send one of them");
}

/** A call that Prism answers itself needs no route. Where its namespace is not there it tells of itself alone. */
function answerLocally(
  method: LocalMethod,
  { principal, head, planner }: { principal: Principal; head: RequestHead; planner: Planner },
): LocalPlan {
  const { path, routes, metrics } = planner;
  const namespace = method.isNamespaced ? head.namespace : "";
  const permit = path.authorize(principal, { namespace, operation: method.operation });
  return {
    kind: "local",
    table: routes.table,
    permit,
    method,
    namespace,
    encoding: encodingFrom(head.encoding),
    timeoutMs: timeoutOf(head.timeout, unlimited),
    metrics: metrics.of(prismItself, method.operation),
  };
}

const unlimited = { deadlineMs: 0 };

function methodOf(head: RequestHead): Method | LocalMethod {
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
  if (path.startsWith("/prism.admin.")) {
    const elsewhere = `no method "${path.slice(0, 200)}": this is the clients' address (server.listen), and operators are served at server.admin`;
    return new PrismError("unknownMethod", elsewhere);
  }
  const message = `no method "${path.slice(0, 200)}": Prism serves prism.data.v1.Data and its typed services, such as prism.keyvalue.v1.KeyValue, and what the plugin of the namespace in the header "prism-namespace" declares`;
  return new PrismError("unknownMethod", message);
}

/** Whether a message is changed on its way. */
function isChanged({ kind }: Method): boolean {
  return kind === "typed" || kind === "execute";
}

/** What the headers of a call tell the plugin, who calls before all. Messages that pass as they are may be coded, and that is told as well. */
function toldFields(
  method: Method,
  { who, head, headers }: { who: string[]; head: RequestHead; headers: HeaderList },
): ToldFields {
  if (method.kind === "tunnelled") return passedFields(headers, head, who);
  if (head.encoding !== "") who.push("grpc-encoding", head.encoding);
  if (head.acceptEncoding !== "") who.push("grpc-accept-encoding", head.acceptEncoding);
  return { authority: "plugin", contentType: "application/grpc", fields: who, neverIndexed: [] };
}

/** The caller's timeout, at most the namespace's; undefined = none. Throws where it is malformed. */
function timeoutOf(timeout: string, { deadlineMs }: Pick<ActiveRoute, "deadlineMs">): number | undefined {
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
  if (method?.kind === "local") return metrics.of(prismItself, method.operation);
  const operation = method?.kind === "typed" ? method.operation : otherOperation;
  const known = Object.hasOwn(routes.table.routes, namespace);
  return metrics.of(known ? namespace : unknownNamespace, operation);
}
