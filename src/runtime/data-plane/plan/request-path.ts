import type { HeaderList } from "../../../wire/index.js";
import type { Peer } from "../../model/peer.js";
import type { Permit } from "../../model/permit.js";
import { anonymous, type Principal } from "../../model/principal.js";

/** What a call wants to do. */
export interface Intent {
  /** Empty where the call is for Prism as a whole, which answers it itself. */
  readonly namespace: string;
  /** As the plugin sees it; "*" where the body names it, which then may be any. */
  readonly operation: string;
}

/** What every call passes before it is routed. Each step is synchronous and throws a PrismError to refuse. */
export interface RequestPath {
  /** Who is calling? */
  authenticate(peer: Peer, headers: HeaderList): Principal;
  /** May they? */
  authorize(principal: Principal, intent: Intent): Permit;
  /** Is there room? Asked for every call, also where the answers above are known from an earlier one. */
  limit(permit: Permit): void;
}

/** Auth mode `none`: everyone is anonymous and may do everything. */
export const openPath: RequestPath = {
  authenticate: () => anonymous,
  authorize: (principal, { namespace, operation }) => ({ principal, namespace, operation }),
  limit: () => undefined,
};
