import { metadataEntries } from "../../../protocol/index.js";
import { copyBytes } from "../../../wire/index.js";
import type { Principal } from "../../model/principal.js";

/** Principals whose entries are remembered. */
const mostRemembered = 1024;
/** A `traceparent` (W3C Trace Context, section 3.2) of the version that there is. */
const traceBytes = 55;
/** The entry of a trace, up to its value. */
const beforeTrace = metadataEntries({ traceparent: "0".repeat(traceBytes) }).subarray(0, -traceBytes);

/** What is appended to an ExecuteRequest: the entry of who calls, made once, and that of the trace, written in place. */
export class Appendix {
  readonly length: number;
  readonly #principal: Buffer;
  readonly #traceparent: string;

  /** `traceparent` is empty, or as the W3C has it. */
  constructor(principal: Buffer, traceparent: string) {
    this.#principal = principal;
    this.#traceparent = traceparent;
    this.length = principal.length + (traceparent === "" ? 0 : beforeTrace.length + traceBytes);
  }

  /** Writes all of it at an offset. */
  write(out: Buffer, at: number): void {
    copyBytes(out, at, this.#principal, 0, this.#principal.length);
    if (this.#traceparent === "") return;
    const traceAt = at + this.#principal.length;
    copyBytes(out, traceAt, beforeTrace, 0, beforeTrace.length);
    out.write(this.#traceparent, traceAt + beforeTrace.length, "latin1");
  }

  /** All of it as a buffer of its own. */
  toBuffer(): Buffer {
    const all = Buffer.allocUnsafe(this.length);
    this.write(all, 0);
    return all;
  }
}

/** Who calls and in which trace, as the plugin hears it: as fields of its headers, or as metadata of a message. */
export class Identity {
  readonly #principals = new Map<string, Buffer>();

  /** The fields of a call's headers: names and values in turn. */
  fields({ name }: Principal, traceparent: string): string[] {
    return traceparent === "" ? [principalName, name] : [principalName, name, traceName, traceparent];
  }

  /** The entries of ExecuteRequest.metadata. Behind a message they override what the client says in their name. */
  metadata({ name }: Principal, traceparent: string): Appendix {
    return new Appendix(this.#principal(name), traceparent);
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
