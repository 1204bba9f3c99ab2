import { PrismError } from "../../../protocol/index.js";
import type { Ledger } from "../../model/route-table.js";
import type { PluginInstance, StartStep } from "./plugin-instance.js";

/** The account of an instance that has drained; `lost` is what is missing from it. */
export type ReloadLedger = Ledger & { readonly lost: number };

/** The account of nobody. */
export const emptyLedger: ReloadLedger = { started: 0, completed: 0, failed: 0, cut: 0, lost: 0 };

/** The steps of a reload that are told, in their order. `queued` only where it had to wait for another one. */
export type ReloadStep = "queued" | StartStep | "point" | "drain" | "shutdown" | "done";

/** Hears of each step when it is done, with the new instance's version where that is known. Must not throw. */
export type OnReloadStep = (step: ReloadStep, version: string) => void;

/** One reload: what is to come, and the one place where routes are changed. */
export interface Reload {
  /** Makes the new instance; not started yet. */
  readonly create: () => PluginInstance;
  /** Which version it must be; empty = any. */
  readonly version: string;
  /** Refuse a new instance that says it is UNHEALTHY. */
  readonly mustBeWell: boolean;
  readonly signal: AbortSignal;
  readonly routes: ReloadRoutes;
  readonly onStep: OnReloadStep;
}

/** How it ended: versions, and the account of the old instance. */
export interface ReloadOutcome {
  readonly from: string;
  readonly to: string;
  readonly ledger: ReloadLedger;
}

/** The routes of one namespace. */
interface ReloadRoutes {
  /** Keeps every other change away while one is made. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  /** Sends new calls to an instance, acknowledged by every proxy; gives back the one that served before. Where that fails, nothing has changed. */
  point(fresh: PluginInstance): Promise<PluginInstance | undefined>;
  /** Lets an instance that no route names finish its calls. */
  drain(old: PluginInstance): Promise<ReloadLedger>;
  /** Ends an instance that has drained. */
  shutdown(old: PluginInstance): Promise<void>;
}

/**
 * Replaces a namespace's instance and accounts for every call of the old one.
 *
 * The old instance keeps serving until the new one is ready, so one that will not start changes nothing. Another change
 * may begin once the route is pointed: a new instance that falls is not left lying until the old one has drained.
 */
export async function reload({ create, version, routes, onStep, ...start }: Reload): Promise<ReloadOutcome> {
  const { fresh, old } = await routes.inTurn(async () => {
    const fresh = create();
    await fresh.start({ ...start, onStep: (step) => onStep(step, fresh.version) });
    assertVersion(fresh, version);
    return { fresh, old: await routes.point(fresh) };
  });
  const to = fresh.version;
  onStep("point", to);

  if (!old) return { from: "", to, ledger: emptyLedger };
  try {
    const ledger = await routes.drain(old);
    onStep("drain", to);
    return { from: old.version, to, ledger };
  } finally {
    await routes.shutdown(old);
    onStep("shutdown", to);
  }
}

function assertVersion(fresh: PluginInstance, wanted: string): void {
  if (wanted === "" || plain(wanted) === plain(fresh.version)) return;
  throw new PrismError(
    "failedPrecondition",
    `version ${wanted} was asked for, but what starts is ${fresh.version || "of no version"}: install ${wanted} where the namespace's plugin is configured, or reload without a version`,
  );
}

/** "v1.2" is "1.2". */
function plain(version: string): string {
  return version.replace(/^v(?=\d)/, "");
}
