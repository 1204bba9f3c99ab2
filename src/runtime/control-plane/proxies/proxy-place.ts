import { type LinkEvents, ProxyLink, type LinkRequest } from "./proxy-link.js";

/** A proxy that served so long was a good one: its fall is not part of a crash loop. */
const goodAfterMs = 10_000;
const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/** What each proxy at a place begins with. */
export type PlaceRequest = Omit<LinkRequest, "events">;

/** Hears of the proxies at one place. */
export interface PlaceEvents extends LinkEvents {
  /** A proxy has ended without being asked to; another follows after so long. `onEnd` was told before. */
  onFall(link: ProxyLink, how: string, replacedInMs: number): void;
}

/** A place in the pool: always one proxy, and when it falls another one, at once the first time and then ever later. */
export class ProxyPlace {
  readonly #request: () => PlaceRequest;
  readonly #events: PlaceEvents;
  #link: ProxyLink;
  #falls = 0;
  #restarts = 0;
  #readySince: number | undefined;
  #isStopping = false;
  #backoff: NodeJS.Timeout | undefined;

  /** Launches the first proxy. `request` is asked at each launch, as the route table moves on. */
  constructor(request: () => PlaceRequest, events: PlaceEvents) {
    this.#request = request;
    this.#events = events;
    this.#link = this.#launch();
  }

  /** The proxy that is there now; it may be starting or have ended. */
  get link(): ProxyLink {
    return this.#link;
  }

  /** How often a proxy was put in for one that fell. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Asks the proxy to finish its calls and end, and makes it end when it does not. */
  async stop(deadlineMs: number, graceMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#backoff);
    this.#link.stop(deadlineMs);
    const overdue = setTimeout(() => void this.#link.kill(), deadlineMs + graceMs);
    await this.#link.ended;
    clearTimeout(overdue);
  }

  #launch(): ProxyLink {
    this.#readySince = undefined;
    const events: LinkEvents = {
      ...this.#events,
      onReady: () => {
        this.#readySince = performance.now();
        this.#events.onReady();
      },
      onEnd: (how, counters) => {
        this.#events.onEnd(how, counters);
        if (!this.#isStopping) this.#replace(how);
      },
    };
    return new ProxyLink({ ...this.#request(), events });
  }

  #replace(how: string): void {
    const wasGood = this.#readySince !== undefined && performance.now() - this.#readySince >= goodAfterMs;
    this.#falls = wasGood ? 1 : this.#falls + 1;
    const replacedInMs =
      this.#falls === 1 ? 0 : Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.#falls - 2));
    this.#events.onFall(this.#link, how, replacedInMs);
    this.#backoff = setTimeout(() => {
      this.#restarts += 1;
      this.#link = this.#launch();
    }, replacedInMs);
  }
}
