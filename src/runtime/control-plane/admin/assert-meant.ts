import { PrismError } from "../../../protocol/index.js";
import { isOfForeignPage, type ServedHosts } from "../../model/served-hosts.js";
import { AdminRefusal } from "./admin-refusal.js";

/** What of a request tells whom it was meant for, and who had it sent. */
export interface AdminAddressed {
  /** `Host`; undefined where the request has none, or is one that no browser sends. */
  readonly host: string | undefined;
  /** A request field by its name in lower case. */
  readonly header: (name: string) => string | undefined;
}

const longestTold = 100;

/**
 * Throws where a browser has been led here: by a name that is none of ours, or for a page that comes from elsewhere. No
 * page is served here, and none may read what operators may, nor act for them.
 */
export function assertMeant({ host, header }: AdminAddressed, served: ServedHosts): void {
  if (host !== undefined && !served.serves(host)) {
    const message = `"${host.slice(0, longestTold)}" is no name that operators are served by: list it under server.admin_hosts, or ask by localhost or an address`;
    throw new AdminRefusal(new PrismError("forbidden", message), 421);
  }
  const request = { origin: header("origin"), site: header("sec-fetch-site"), host };
  if (!isOfForeignPage(request)) return;
  const message =
    "requests of web pages from elsewhere are not taken here: ask without an Origin, as curl and `prism` do";
  throw new PrismError("forbidden", message);
}
