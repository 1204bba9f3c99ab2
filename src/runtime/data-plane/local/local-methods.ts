import { healthMethods } from "./health.js";
import type { LocalMethod } from "./local-method.js";
import { reflectionMethods } from "./reflection-call.js";

/** Every method that Prism answers itself. */
export const localMethods: readonly LocalMethod[] = [...healthMethods, ...reflectionMethods];
