import { HiddenTexts, InFlight, type Placed } from "../../../protocol/index.js";
import { HeaderList } from "../../../wire/index.js";
import type { Ledger, RouteInstance } from "../../model/route-table.js";
import { Upstream, type UpstreamSurroundings } from "./upstream.js";

/** Header lists that are kept; clients can make up paths and authorities. */
const mostHeaders = 256;

/** How a lease ended: the call came to its end, the plugin or the way to it failed, or a drain cut it. */
export type Outcome = "completed" | "failed" | "cut";

/** A call as its instance sees it. */
export interface Leased extends Placed {
  /** Ends the call now, with the outcome `cut`. */
  cut(): void;
}

/** One plugin instance as a proxy sees it: its connections, the calls that run on it, and their account. */
export class Instance {
  readonly id: string;
  readonly #token: string;
  /** What its plugin must not tell clients. */
  readonly secrets: HiddenTexts;
  readonly upstream: Upstream;
  readonly #inFlight = new InFlight<Leased>();
  readonly #account = { completed: 0, failed: 0, cut: 0 };
  /** Headers that calls share, by path, authority and content type. */
  readonly #headers = new Map<string, HeaderList>();
  #started = 0;
  #heard = 0;
  #whenIdle: (() => void)[] = [];

  constructor({ id, socket, token, secrets = [] }: RouteInstance, surroundings: UpstreamSurroundings) {
    this.id = id;
    this.#token = token;
    this.secrets = new HiddenTexts(secrets);
    this.upstream = new Upstream({ id, socket, surroundings });
  }

  /** Calls that run. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** How often its plugin has begun, sent some of, or ended an answer: while this grows, it works. */
  get heard(): number {
    return this.#heard;
  }

  /** Its plugin has said something of a call. */
  hear(): void {
    this.#heard++;
  }

  /** The headers that all calls of a path begin with, whichever namespace they are for; the same list each time. */
  headersOf(path: string, authority: string, contentType: string): HeaderList {
    const key = `${path} ${authority} ${contentType}`;
    let list = this.#headers.get(key);
    if (list === undefined) {
      list = new HeaderList([
        ...[":method", "POST", ":scheme", "http", ":path", path, ":authority", authority],
        ...["content-type", contentType, "te", "trailers"],
        ...(this.#token === "" ? [] : ["prism-plugin-token", this.#token]),
      ]);
      if (this.#headers.size === mostHeaders) this.#headers.clear();
      this.#headers.set(key, list);
    }
    return list;
  }

  /** A call begins. It must be released once, however it ends. */
  lease(call: Leased): void {
    this.#started++;
    this.#inFlight.add(call);
  }

  /** A call has ended. */
  release(call: Leased, outcome: Outcome): void {
    if (!this.#inFlight.remove(call)) return;
    this.#account[outcome]++;
    if (this.#inFlight.size > 0 || this.#whenIdle.length === 0) return;
    for (const tell of this.#whenIdle.splice(0)) tell();
  }

  /** The account so far. */
  ledger(): Ledger {
    return { started: this.#started, ...this.#account };
  }

  /** Resolves when no call runs on it; those that still run at the deadline are cut. */
  async drain(deadlineMs: number): Promise<Ledger> {
    if (this.#inFlight.size > 0) {
      const idle = new Promise<void>((resolve) => this.#whenIdle.push(resolve));
      const timer = setTimeout(() => this.#cutAll(), deadlineMs);
      await idle;
      clearTimeout(timer);
    }
    this.upstream.close();
    return this.ledger();
  }

  /** Closes what is open, now if nothing runs, else when the last call has ended. */
  retire(): void {
    if (this.#inFlight.size === 0) this.upstream.close();
    else this.#whenIdle.push(() => this.upstream.close());
  }

  #cutAll(): void {
    for (const call of this.#inFlight.all()) call.cut();
  }
}
