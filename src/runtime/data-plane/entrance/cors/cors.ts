import type { CorsSettings } from "../../../model/proxy-messages.js";

/** What is asked before a page may send what a form could not (Fetch standard, CORS-preflight request). */
export interface Preflight {
  readonly origin: string;
  /** The names of the headers that the page wants to send, as the browser lists them; empty where there are none. */
  readonly headers: string;
}

/** The answer to a preflight. */
export interface PreflightAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads one header of a request by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined;

const methods = "GET, HEAD, POST, PUT, DELETE";
/** What of an answer a page may read beside what every page may. */
const exposedAlways = [
  ...["grpc-status", "grpc-message", "grpc-status-details-bin"],
  ...["accept-ranges", "allow", "content-range", "etag", "retry-after"],
];
const nameList = /^[!#$%&'*+\-.^_`|~0-9a-z, \t]*$/i;
const nobody: CorsSettings = { origins: [], maxAgeMs: 0, credentials: false };
const refusal = Buffer.from(
  "pages of this origin may not call Prism: list it under server.cors.origins in prism.yaml\n",
);

/**
 * Which pages of other origins may call, and what they may read. Where an origin is not listed its preflights are refused,
 * so what changes data is never sent, and its answers carry no word of CORS, so the browser keeps them from the page.
 */
export class Cors {
  readonly #settings: CorsSettings;
  readonly #origins: ReadonlySet<string>;

  constructor(settings: CorsSettings = nobody) {
    this.#settings = settings;
    this.#origins = new Set(settings.origins);
  }

  /** Whether pages of this origin may call. */
  allows(origin: string | undefined): boolean {
    return this.#origins.has("*") || (origin !== undefined && this.#origins.has(origin));
  }

  /** The fields that let a page of this origin read an answer, and what of its headers. */
  fieldsFor(origin: string | undefined, carried: readonly string[] = []): Readonly<Record<string, string>> {
    const vary = this.#dependsOnOrigin ? { vary: "origin" } : {};
    if (origin === undefined || !this.allows(origin)) return vary;
    const exposed = [...new Set([...exposedAlways, ...carried])].join(", ");
    return { ...this.#granted(origin), "access-control-expose-headers": exposed, ...vary };
  }

  /** Answers a preflight. */
  answer({ origin, headers }: Preflight): PreflightAnswer {
    const vary = { vary: "origin, access-control-request-method, access-control-request-headers" };
    if (!this.allows(origin) || !nameList.test(headers)) {
      return { status: 403, fields: { "content-type": "text/plain; charset=utf-8", ...vary }, body: refusal };
    }
    const fields = {
      ...this.#granted(origin),
      "access-control-allow-methods": methods,
      ...(headers !== "" && { "access-control-allow-headers": headers }),
      "access-control-max-age": String(Math.floor(this.#settings.maxAgeMs / 1000)),
      ...vary,
    };
    return { status: 204, fields, body: Buffer.alloc(0) };
  }

  get #dependsOnOrigin(): boolean {
    return this.#origins.size > 0 && !this.#origins.has("*");
  }

  #granted(origin: string): Readonly<Record<string, string>> {
    return {
      "access-control-allow-origin": this.#dependsOnOrigin ? origin : "*",
      ...(this.#settings.credentials && { "access-control-allow-credentials": "true" }),
    };
  }
}

/** The preflight that a request is; undefined where it is none. */
export function preflightOf(method: string, header: ReadHeader): Preflight | undefined {
  const origin = header("origin");
  if (method !== "OPTIONS" || origin === undefined || !header("access-control-request-method"))
    return undefined;
  return { origin, headers: header("access-control-request-headers") ?? "" };
}
