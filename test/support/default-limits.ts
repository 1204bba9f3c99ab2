import { limitsSection, toWireLimits } from "../../src/runtime/config/limits-schema.js";

/** `server.limits` where the file says nothing. */
export const defaultLimits = toWireLimits(limitsSection.parse(undefined));
