/** The names that a port is served by (`server.hosts`, `server.admin_hosts`). */
export interface HostSettings {
  /** In lower case, without ports; "*" = every name. */
  readonly names: readonly string[];
  /** Whether they hold over TLS as well, where the certificate names already what is served. */
  readonly overTls: boolean;
}

const hostForm = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::\d{0,5})?$/;
const addressForm = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/;

/**
 * The names by which a port may be asked. A page's name may point to any address, this machine's too, and its browser
 * then takes what answers for the page's own: so a name is served only where it is known. An address can be pointed
 * nowhere, and is served always; so is `localhost`. Ports are not looked at: a container's are others outside.
 */
export class ServedHosts {
  readonly #names: ReadonlySet<string>;
  /** The one that was served last: most requests have the same. */
  #last: string | undefined;

  constructor(names: readonly string[]) {
    this.#names = new Set(["localhost", ...names]);
  }

  /** Whether a `Host` or `:authority`, such as "localhost:50051", is one of them. */
  serves(host: string): boolean {
    if (host === this.#last || this.#names.has("*")) return true;
    const [, name = ""] = hostForm.exec(host.toLowerCase()) ?? [];
    if (!addressForm.test(name) && !this.#names.has(name.replace(/\.$/, ""))) return false;
    this.#last = host;
    return true;
  }
}

/** What of a request tells for which page a browser sends it. */
export interface PageRequest {
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which no page can set. */
  readonly site: string | undefined;
  /** `Host`, or `:authority`. */
  readonly host: string | undefined;
}

/** Whether a browser sends a request for a page that comes from elsewhere. Programs that are no browser tell no page. */
export function isOfForeignPage({ origin, site, host }: PageRequest): boolean {
  if (site === "same-origin" || site === "none") return false;
  if (origin === undefined) return site !== undefined;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
