import { PrismError } from "../../../protocol/index.js";
import { isOfForeignPage, type ServedHosts } from "../../model/served-hosts.js";
import type { Cors } from "../entrance/cors/cors.js";
import { HttpRefusal } from "./http-refusal.js";

/** What of a request tells whom it was meant for, and who had it sent. */
export interface Addressed {
  readonly verb: string;
  /** What `Host`, `:authority` and the target say, each; none over HTTP/1.0. */
  readonly hosts: readonly string[];
  /** A request field by its name in lower case. */
  readonly header: (name: string) => string | undefined;
}

const readVerbs: readonly string[] = ["GET", "HEAD", "OPTIONS"];
const longestTold = 100;

/**
 * Throws where a browser has been led here: by a name that is none of ours, or to change something for a page that
 * `server.cors` does not list. What such a page reads, its browser keeps from it.
 */
export function assertServed({ verb, hosts, header }: Addressed, served: ServedHosts, cors: Cors): void {
  const [host, other] = new Set(hosts.map((each) => each.toLowerCase()));
  if (other !== undefined) {
    const message = "the request names two hosts that differ: send one";
    throw new HttpRefusal(new PrismError("invalidRequest", message), 400);
  }
  if (host !== undefined && !served.serves(host)) throw misdirected(host);
  const origin = header("origin");
  if (readVerbs.includes(verb) || cors.allows(origin)) return;
  if (!isOfForeignPage({ origin, site: header("sec-fetch-site"), host })) return;
  const message =
    "pages of this origin may change nothing here: list it under server.cors.origins, or send no Origin where no page asks";
  throw new HttpRefusal(new PrismError("forbidden", message), 403, cors.fieldsFor(undefined));
}

function misdirected(host: string): HttpRefusal {
  const message = `"${host.slice(0, longestTold)}" is no name that is served here: list it under server.hosts, or ask by localhost or an address`;
  return new HttpRefusal(new PrismError("forbidden", message), 421);
}
