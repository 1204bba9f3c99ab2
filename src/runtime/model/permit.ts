import type { Principal } from "./principal.js";

/** Proof that a principal may run an operation on a namespace. Only authorization makes one; later steps require it. */
export interface Permit {
  readonly principal: Principal;
  readonly namespace: string;
  readonly operation: string;
}
