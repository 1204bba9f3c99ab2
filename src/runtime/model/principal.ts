/** A proven caller. Authentication yields it; `anonymous` is what auth mode `none` yields. */
export interface Principal {
  /** Such as "anonymous"; later "user:ann" or "spiffe://acme/checkout". Sent to plugins as `prism-principal`. */
  readonly name: string;
  readonly groups: readonly string[];
}

/** The caller of auth mode `none`. */
export const anonymous: Principal = { name: "anonymous", groups: [] };
