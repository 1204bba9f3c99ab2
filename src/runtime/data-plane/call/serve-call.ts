import { PrismError } from "../../../protocol/index.js";
import type { ServedHosts } from "../../model/served-hosts.js";
import type { HeaderList, Stream, StreamListener } from "../../../wire/index.js";
import { Call, type CallSurroundings } from "./call.js";
import { planCall, type Planner } from "../plan/call-plan.js";
import type { CallPlan, LocalPlan, RefusedPlan } from "../plan/plan.js";
import { deaf } from "../common/deaf.js";
import { ExecuteCall } from "./execute-call.js";
import type { TypedEntry } from "../route/method.js";
import { failureAnswer, notGrpc } from "../common/refusal.js";
import { StreamCall } from "./stream-call.js";
import { TypedCall } from "./typed-call.js";

/** Hears a call, once it has begun. */
export interface BegunCall extends StreamListener {
  /** Takes its place among the calls that run. Called once. */
  begin(): void;
}

/** What serving the calls of one connection needs; all but the peer is shared by all of a process. */
export interface CallService extends Planner, CallSurroundings {
  /** The names by which requests over HTTP may ask. No page's browser sends gRPC by itself, so its calls are not held to them. */
  readonly hosts: ServedHosts;
  /** Answers a call that Prism answers itself. */
  readonly answer: (stream: Stream, plan: LocalPlan) => BegunCall;
  /** Serves a request that is no gRPC, and tells who hears the rest of it; undefined where no door knows it either. */
  readonly otherwise: (
    stream: Stream,
    headers: HeaderList,
    service: CallService,
  ) => StreamListener | undefined;
}

/**
 * Serves one call. All is decided here, at its header block, before a byte of its body is read; then bytes flow through
 * the listener that is returned. Nothing is awaited, so no reload can slip in between route and lease.
 */
export function serveCall(stream: Stream, headers: HeaderList, service: CallService): StreamListener {
  const plan = planCall(headers, service); // who calls, may they, where does it go?
  if (plan.kind === "refused") {
    const other = plan.answer ? undefined : service.otherwise(stream, headers, service);
    return other ?? refuse(stream, plan);
  }
  try {
    service.path.limit(plan.permit); // is there room?
  } catch (reason) {
    return refuse(stream, overLimit(plan, reason));
  }
  const call = callOf(stream, plan, service);
  call.begin();
  return call;
}

function callOf(stream: Stream, plan: CallPlan | LocalPlan, service: CallService): BegunCall {
  if (plan.kind === "local") return service.answer(stream, plan);
  if (isTyped(plan)) return new TypedCall(stream, plan, service);
  if (plan.method.kind === "execute") return new ExecuteCall(stream, plan, service);
  if (plan.method.kind === "stream") return new StreamCall(stream, plan, service);
  return new Call(stream, plan, service);
}

function isTyped(plan: CallPlan): plan is CallPlan<TypedEntry> {
  return plan.method.kind === "typed";
}

function overLimit({ table, metrics }: CallPlan | LocalPlan, reason: unknown): RefusedPlan {
  const error = PrismError.from(reason);
  return { kind: "refused", table, answer: failureAnswer(error), error, metrics };
}

function refuse(stream: Stream, { answer, error, metrics }: RefusedPlan): StreamListener {
  metrics.count(error.code, 0);
  if (!answer) return notGrpc.to(stream);
  stream.sendHeaders(answer, true);
  return deaf;
}
