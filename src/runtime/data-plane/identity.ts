import { metadataEntries } from "../../protocol/index.js";
import type { Principal } from "../model/principal.js";

/** Principals whose entries are remembered. */
const mostRemembered = 1024;
/** A `traceparent` (W3C Trace Context, section 3.2) of the version that there is. */
const traceBytes = 55;

/** Who calls and in which trace, as the plugin hears it: as fields of its headers, or as metadata of a message. */
export class Identity {
  readonly #principals = new Map<string, Buffer>();
  /** The entry of a trace, up to its value. */
  readonly #beforeTrace = metadataEntries({ traceparent: "0".repeat(traceBytes) }).subarray(0, -traceBytes);

  /** The fields of a call's headers: names and values in turn. */
  fields({ name }: Principal, traceparent: string): string[] {
    return traceparent === "" ? [principalName, name] : [principalName, name, traceName, traceparent];
  }

  /** The entries of ExecuteRequest.metadata. Behind a message they override what the client says in their name. */
  metadata({ name }: Principal, traceparent: string): Buffer {
    const principal = this.#principal(name);
    if (traceparent === "") return principal;
    const before = this.#beforeTrace;
    const all = Buffer.allocUnsafe(principal.length + before.length + traceBytes);
    all.set(principal);
    all.set(before, principal.length);
    all.write(traceparent, principal.length + before.length, "latin1");
    return all;
  }

  #principal(name: string): Buffer {
    let entry = this.#principals.get(name);
    if (entry === undefined) {
      entry = metadataEntries({ [principalName]: name });
      if (this.#principals.size === mostRemembered) this.#principals.clear();
      this.#principals.set(name, entry);
    }
    return entry;
  }
}

const principalName = "prism-principal";
const traceName = "traceparent";
