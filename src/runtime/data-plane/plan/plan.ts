import type { PrismError } from "../../../protocol/index.js";
import type { HeaderList } from "../../../wire/index.js";
import type { Permit } from "../../model/permit.js";
import type { RouteTable } from "../../model/route-table.js";
import type { CallCount, OperationMetrics } from "../common/call-metrics.js";
import type { Encoding } from "../common/encoding.js";
import type { Appendix } from "./identity.js";
import type { Instance } from "../route/instance.js";
import type { LocalMethod, Method } from "../route/method.js";
import type { CallHeaders } from "../route/plugin-headers.js";
import type { ActiveRoute } from "../route/routes.js";

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
  readonly headers: CallHeaders;
  /** Metadata that is appended to an ExecuteRequest: who calls, and the trace. */
  readonly suffix: Appendix;
  /** The caller's, at most the namespace's; undefined = none. */
  readonly timeoutMs: number | undefined;
  readonly metrics: CallCount;
}

/** A call that Prism answers itself. */
export interface LocalPlan {
  readonly kind: "local";
  readonly table: RouteTable;
  readonly permit: Permit;
  readonly method: LocalMethod;
  /** Empty where the call names none, or the method does not care. */
  readonly namespace: string;
  readonly encoding: Encoding | undefined;
  readonly timeoutMs: number | undefined;
  readonly metrics: OperationMetrics;
}

/** What becomes of a call. */
export type Plan = CallPlan | LocalPlan | RefusedPlan;

/** A call that is refused by its header block alone. */
export interface RefusedPlan {
  readonly kind: "refused";
  readonly table: RouteTable;
  /** The whole answer; undefined where the request is no gRPC. */
  readonly answer: HeaderList | undefined;
  readonly error: PrismError;
  readonly metrics: CallCount;
}
