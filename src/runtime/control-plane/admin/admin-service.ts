import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Admin,
  type LedgerSchema,
  NamespaceChange_Kind as Kind,
  PluginInstance_State as State,
  type PluginInstanceSchema,
  ReloadPluginResponse_Step as Step,
} from "../../../protocol/gen/prism/admin/v1/admin_pb.js";
import type { NamespaceChange } from "../namespaces/apply.js";
import type { Namespaces } from "../namespaces/namespaces.js";
import type { Overview, RuntimeStatus } from "../overview.js";
import type { ReloadLedger, ReloadStep } from "../supervisor/reload.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import type { InstanceStatus } from "../supervisor/status.js";
import { act, lastingAct, reading, type ServedMethod } from "./grpc-methods.js";

/** What operators may ask for, and who answers. */
export interface AdminNeighbours {
  readonly namespaces: Pick<Namespaces, "apply" | "delete">;
  readonly overview: Pick<Overview, "namespace" | "namespaces" | "instances" | "status" | "readiness">;
  readonly supervisor: Pick<Supervisor, "reload">;
}

/** `prism.admin.v1.Admin`, by the paths of its methods. Each says whether it is a reading or an act. */
export function adminMethods({
  namespaces,
  overview,
  supervisor,
}: AdminNeighbours): ReadonlyMap<string, ServedMethod> {
  const { method } = Admin;
  const methods = [
    // Whoever has its problems told learns which files are there: a dry run is an act as well.
    act(method.applyNamespaces, async (request) => ({
      changes: (await namespaces.apply({ ...request, source: request.source || "the text" })).map(toChange),
    })),
    reading(method.getNamespace, ({ name }) => ({ namespace: mutable(overview.namespace(name)) })),
    reading(method.listNamespaces, async () => ({ namespaces: (await overview.namespaces()).map(mutable) })),
    act(method.deleteNamespace, async ({ name }) => ({ cut: BigInt((await namespaces.delete(name)).cut) })),
    reading(method.listPlugins, () => ({ instances: overview.instances().map(toInstance) })),
    lastingAct(method.reloadPlugin, async ({ namespace, version }, send) => {
      await supervisor.reload(namespace, { version }, ({ step, elapsedMs, ledger, ...told }) =>
        send({
          ...told,
          step: steps[step],
          elapsedMs: BigInt(elapsedMs),
          ...(ledger === undefined ? {} : { ledger: toLedger(ledger) }),
        }),
      );
    }),
    reading(method.getStatus, async () => toStatus(await overview.status())),
  ];
  return new Map(methods.map((served) => [served.path, served]));
}

const kinds: Readonly<Record<NamespaceChange["kind"], Kind>> = {
  unchanged: Kind.UNCHANGED,
  create: Kind.CREATE,
  live: Kind.LIVE,
  reload: Kind.RELOAD,
};

const steps: Readonly<Record<ReloadStep, Step>> = {
  queued: Step.QUEUED,
  launch: Step.LAUNCH,
  initialize: Step.INITIALIZE,
  health_check: Step.HEALTH_CHECK,
  point: Step.POINT,
  drain: Step.DRAIN,
  shutdown: Step.SHUTDOWN,
  done: Step.DONE,
};

const states: Readonly<Record<InstanceStatus["state"], State>> = {
  starting: State.STARTING,
  ready: State.READY,
  draining: State.DRAINING,
  stopped: State.STOPPED,
  failed: State.FAILED,
};

function toChange({ name, kind, changedKeys }: NamespaceChange) {
  return { name, kind: kinds[kind], changedKeys: [...changedKeys] };
}

function toStatus(status: RuntimeStatus) {
  const { pid, uptimeMs, namespaces, proxies, instances, listen, problems, ...told } = status;
  return {
    ...told,
    listen: [...listen],
    problems: [...problems],
    pid: BigInt(pid),
    uptimeMs: BigInt(uptimeMs),
    namespaces: namespaces.map(mutable),
    proxies: proxies.map(toBigInts),
    instances: instances.map(toInstance),
  };
}

function toInstance(status: InstanceStatus): MessageInitShape<typeof PluginInstanceSchema> {
  const { state, health, pid, restarts, ...told } = status;
  return { ...told, ...toBigInts({ pid, restarts }), state: states[state], health: health ?? "" };
}

function toLedger(ledger: ReloadLedger): MessageInitShape<typeof LedgerSchema> {
  return toBigInts(ledger);
}

function toBigInts<Key extends string>(numbers: Readonly<Record<Key, number>>): Record<Key, bigint> {
  const entries = Object.entries<number>(numbers).map(([key, number]) => [key, BigInt(number)]);
  return Object.fromEntries(entries) as Record<Key, bigint>;
}

/** Messages take arrays that may change. */
function mutable<T extends { readonly operations: readonly string[] }>(namespace: T) {
  return { ...namespace, operations: [...namespace.operations] };
}
