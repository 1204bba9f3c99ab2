import type { Finding } from "../report/finding.js";
import type { Stage } from "../stage.js";
import { idleConnections } from "./idle-connections.js";
import { idleMemory } from "./idle-memory.js";
import { latency } from "./latency.js";
import { namespaces } from "./namespaces.js";
import { objects } from "./objects.js";
import { profile } from "./profile.js";
import { sdkServer } from "./sdk-server.js";
import { slowReaders } from "./slow-readers.js";
import { smallCalls } from "./small-calls.js";

/** Every figure, by the name that `--only` takes. */
export const figures: Readonly<Record<string, (stage: Stage) => Promise<Finding>>> = {
  "small-calls": smallCalls,
  latency,
  objects,
  "slow-readers": slowReaders,
  namespaces,
  "idle-connections": idleConnections,
  "idle-memory": idleMemory,
  "sdk-server": sdkServer,
  profile,
};
