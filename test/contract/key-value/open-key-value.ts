import type { KeyValueClient } from "../support/key-value-client.js";

/** Opens a namespace of its own, on the backend that all of them share. */
export type OpenKeyValue = () => Promise<KeyValueClient>;
