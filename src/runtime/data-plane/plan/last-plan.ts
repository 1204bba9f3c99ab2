import type { HeaderList } from "../../../wire/index.js";
import type { RouteTable } from "../../model/route-table.js";
import type { CallPlan } from "./plan.js";
import { isTraceparent } from "./request-head.js";

const none: readonly string[] = [];

/** Where a call's fields differ from those of the call before. */
export interface Differences {
  /** The plan of the call before. */
  readonly plan: CallPlan;
  /** `traceparent`, where it is another; undefined where it is the same. */
  readonly trace: string | undefined;
  /** `grpc-timeout`, likewise; where the namespace is another, whether or not it is the same: "" = none. */
  readonly timeout: string | undefined;
  /** `prism-namespace`, where it is another. */
  readonly namespace: string | undefined;
}

/**
 * The last call of a connection that was planned in full. Most calls differ from the one before in nothing but their trace
 * and their timeout, on which little of a plan hangs, or their namespace: to find that takes a tenth of planning anew.
 */
export class LastPlan {
  #fields = none;
  #plan: CallPlan | undefined;
  #traceAt = -1;
  #timeoutAt = -1;
  #namespaceAt = -1;

  /** Remembers a call. One that keeps something secret, or has no sound trace, is not worth the care. */
  keep({ fields, neverIndexed }: HeaderList, plan: CallPlan): void {
    this.#plan = undefined;
    this.#traceAt = placeOf(fields, "traceparent");
    this.#timeoutAt = placeOf(fields, "grpc-timeout");
    this.#namespaceAt = placeOf(fields, "prism-namespace");
    const isSound = this.#traceAt < 0 || isTraceparent(fields[this.#traceAt + 1] ?? "");
    if (!isSound || neverIndexed.length > 0) return;
    this.#fields = fields;
    this.#plan = plan;
  }

  /** How a call differs from the one that is remembered; undefined where it differs in more, or the table is another now. */
  differencesOf({ fields, neverIndexed }: HeaderList, table: RouteTable): Differences | undefined {
    const plan = this.#plan;
    const others = this.#fields;
    if (plan?.table !== table || fields.length !== others.length || neverIndexed.length > 0) return undefined;
    let trace: string | undefined;
    let timeout: string | undefined;
    let namespace: string | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== others[i]) return undefined;
      const value = fields[i + 1];
      if (value === others[i + 1]) continue;
      if (i === this.#traceAt) trace = value;
      else if (i === this.#timeoutAt) timeout = value;
      else if (i === this.#namespaceAt) namespace = value;
      else return undefined;
    }
    // The ceiling of a timeout is the namespace's.
    if (namespace !== undefined) timeout = this.#timeoutAt < 0 ? "" : fields[this.#timeoutAt + 1];
    return { plan, trace, timeout, namespace };
  }
}

/** Where a name stands last, as the last of a field counts; -1 = nowhere. */
function placeOf(fields: readonly string[], name: string): number {
  let place = -1;
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) place = i;
  return place;
}
