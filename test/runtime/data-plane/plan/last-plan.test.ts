import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { Code } from "../../../../src/protocol/index.js";
import type { RouteTable } from "../../../../src/runtime/model/route-table.js";
import { type CallCount, CallMetrics } from "../../../../src/runtime/data-plane/common/call-metrics.js";
import { planCall, type Planner } from "../../../../src/runtime/data-plane/plan/call-plan.js";
import type { Plan } from "../../../../src/runtime/data-plane/plan/plan.js";
import { Identity } from "../../../../src/runtime/data-plane/plan/identity.js";
import { LastPlan } from "../../../../src/runtime/data-plane/plan/last-plan.js";
import { openPath } from "../../../../src/runtime/data-plane/plan/request-path.js";
import { Routes } from "../../../../src/runtime/data-plane/route/routes.js";
import { HeaderList } from "../../../../src/wire/index.js";
import { defaultLimits } from "../../../support/default-limits.js";

const traces = [1, 2, 3].map((n) => `00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333${n}-01`);
const paths = [
  "/prism.keyvalue.v1.KeyValue/Get",
  "/prism.data.v1.Data/Execute",
  "/prism.data.v1.Data/ExecuteStream",
  "/acme.Billing/Pay",
  "/nobody.Serves/This",
];

const some = <T>(weight: number, ...values: T[]): { arbitrary: fc.Arbitrary<T>; weight: number } => ({
  arbitrary: fc.constantFrom(...values),
  weight,
});
/** What a call may say, mostly what is served; undefined where it does not say it. */
const said = {
  ":path": fc.oneof(some(9, ...paths.slice(0, 4)), some(1, ...paths)),
  "prism-namespace": fc.oneof(some(9, "orders", "users"), some(1, "none")),
  traceparent: fc.oneof(some(6, ...traces), some(3, "garbage", "", undefined)),
  tracestate: fc.oneof(some(6, undefined), some(3, "vendor=1")),
  "grpc-timeout": fc.oneof(some(9, "1S", "20m", "99999999m", undefined), some(2, "soon")),
  "x-metadata": fc.constantFrom("a", "b", undefined),
  "content-type": fc.oneof(some(9, "application/grpc"), some(1, "application/grpc+json", "text/plain")),
};
/** Said twice, kept secret, and after the table became another: seldom. */
const seldom = fc.record({
  again: fc.oneof(some(9, undefined), some(1, ...traces)),
  isSecret: fc.oneof(some(9, false), some(1, true)),
  isNewTable: fc.oneof(some(9, false), some(1, true)),
});
const names = Object.keys(said) as (keyof typeof said)[];
type Said = Partial<Record<keyof typeof said, string | undefined>>;
/** Calls of one connection: each says what the one before said, but for one thing or two. */
const connection = fc.tuple(
  fc.record(said),
  fc.array(
    fc.tuple(
      fc.record(said),
      fc.subarray(["traceparent", "grpc-timeout", "prism-namespace", ...names] as const, { maxLength: 2 }),
      seldom,
    ),
    { minLength: 2, maxLength: 20 },
  ),
);

/** The header list of a call. */
function listOf(call: Said, again: string | undefined, isSecret: boolean): HeaderList {
  const entries = [[":method", "POST"], [":scheme", "http"], ...Object.entries(call), ["traceparent", again]];
  const fields = entries.flatMap(([name = "", value]) => (value === undefined ? [] : [name, value]));
  return new HeaderList(fields, isSecret ? ["x-metadata"] : []);
}

const route = { operations: [], services: ["acme.Billing"], fileDescriptors: [] };
const instance = { id: "i-1", socket: "/nowhere", token: "" };
let generation = 0;

/** Tables that differ in nothing but that each is another. */
function newTable(): RouteTable {
  const routes = Object.fromEntries(
    ["orders", "users"].map((namespace, i) => [
      namespace,
      { ...route, namespace, instance, deadlineMs: 10 + 10_000 * i },
    ]),
  );
  return { generation: ++generation, routes };
}

const routes = new Routes(newTable(), {
  backlog: { take: () => true, give: () => undefined },
  limits: defaultLimits,
  onUnreachable: () => undefined,
  onRefused: () => undefined,
});
const metrics = new CallMetrics();
afterEach(() => routes.destroy());

test("a call is decided by its own headers, whatever came before on its connection", () => {
  const shared = {
    peer: { address: "192.0.2.1" },
    path: openPath,
    routes,
    metrics,
    defaultNamespace: "",
    identity: new Identity(),
  };
  fc.assert(
    fc.property(connection, ([first, changes]) => {
      const planner: Planner = { ...shared, last: new LastPlan() };
      let call: Said = first;
      for (const [other, changed, { again, isSecret, isNewTable }] of changes) {
        call = { ...call, ...Object.fromEntries(changed.map((name) => [name, other[name]])) };
        if (isNewTable) routes.replace(newTable());
        const decided = planCall(listOf(call, again, isSecret), planner);
        const alone = planCall(listOf(call, again, isSecret), { ...shared, last: new LastPlan() });
        expect(told(decided)).toEqual(told(alone));
      }
    }),
    { numRuns: 500 },
  );
});

/** What a plan comes to. */
function told(plan: Plan): unknown {
  if (plan.kind === "refused") return { error: plan.error.message, counted: countedBy(plan.metrics) };
  if (plan.kind === "local") return plan;
  const { suffix, headers, timeoutMs, metrics: counts, ...rest } = plan;
  const { fields: sent, neverIndexed } = headers.within(timeoutMs);
  return { ...rest, suffix: suffix.toBuffer(), sent, neverIndexed, timeoutMs, counted: countedBy(counts) };
}

/** Where calls are counted that end well, and that do not. */
function countedBy(counts: CallCount): unknown {
  const before = new Set(metrics.counters().map((counter) => JSON.stringify(counter)));
  counts.count(Code.OK, 1);
  counts.count(Code.NOT_FOUND, 1);
  const changed = metrics.counters().filter((counter) => !before.has(JSON.stringify(counter)));
  return changed.map(({ namespace, operation, code }) => ({ namespace, operation, code }));
}
