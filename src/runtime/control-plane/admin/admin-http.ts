import { z } from "zod";
import { type JsonBounds, PrismError, readJson } from "../../../protocol/index.js";
import type { Exposition, Metrics } from "../metrics.js";
import type { Readiness } from "../overview.js";
import { AdminRefusal } from "./admin-refusal.js";
import type { AdminNeighbours } from "./admin-service.js";

const reloadBody = z.object({ namespace: z.string().min(1), version: z.string().default("") });

/** More than the body of a reload needs. */
const jsonBounds: JsonBounds = { depth: 8, digits: 32, values: 32 };

/** Who answers over HTTP. */
export interface AdminHttpNeighbours extends Pick<AdminNeighbours, "overview" | "supervisor"> {
  readonly metrics: Pick<Metrics, "expose">;
}

/** A request over HTTP. */
export interface AdminRequest {
  readonly verb: string;
  /** Path and query. */
  readonly target: string;
  /** The whole body. Rejects where it is too large, or does not come. */
  readonly body: () => Promise<Buffer>;
}

/** An answer over HTTP. Objects become JSON. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: Buffer | object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One thing that may be asked for by HTTP. */
interface HttpRoute {
  /** Whether it changes something. */
  readonly isAct: boolean;
  readonly answer: (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>;
}

/** Gives the answer to a request, or rejects with why there is none. Asks for leave before something is changed. */
export type AnswerHttp = (request: AdminRequest, assertMayAct: () => void) => Promise<AdminAnswer>;

/** `/healthz`, `/readyz`, `/metrics`, and the RFC's `POST /admin/plugin/reload`. */
export function adminHttp({ overview, supervisor, metrics }: AdminHttpNeighbours): AnswerHttp {
  const expose = shared(() => metrics.expose());
  const routes: Readonly<Record<string, HttpRoute>> = {
    "GET /healthz": { isAct: false, answer: () => ({ status: 200, body: { status: "alive" } }) },
    "GET /readyz": { isAct: false, answer: () => readiness(overview.readiness()) },
    "GET /metrics": { isAct: false, answer: expose },
    "POST /admin/plugin/reload": {
      isAct: true,
      answer: async ({ body }) => {
        const { namespace, version } = reloadRequest(await body());
        return { status: 200, body: await supervisor.reload(namespace, { version }) };
      },
    },
  };
  return async (request, assertMayAct) => {
    const route = routeOf(request, routes);
    if (route.isAct) assertMayAct();
    return await route.answer(request);
  };
}

function routeOf({ verb, target }: AdminRequest, routes: Readonly<Record<string, HttpRoute>>): HttpRoute {
  const [path = ""] = target.split("?", 1);
  const method = verb === "HEAD" ? "GET" : verb;
  const route = Object.hasOwn(routes, `${method} ${path}`) ? routes[`${method} ${path}`] : undefined;
  if (route) return route;
  const known = Object.keys(routes);
  const allowed = known.flatMap((key) => (key.endsWith(` ${path}`) ? (key.split(" ")[0] ?? []) : []));
  if (allowed.length > 0) {
    const message = `${path} takes ${allowed.join(", ")}`;
    throw new AdminRefusal(new PrismError("unknownMethod", message), 405, { allow: allowed.join(", ") });
  }
  const message = `nothing at "${path.slice(0, 200)}"; there are: ${known.join(", ")}, and gRPC (prism.admin.v1.Admin)`;
  throw new AdminRefusal(new PrismError("unknownMethod", message), 404);
}

function readiness(told: Readiness): AdminAnswer {
  return { status: told.ready ? 200 : 503, body: told };
}

/** Whoever asks while a page is being written gets that one: to write it is dear, and many may ask. */
function shared(expose: () => Promise<Exposition>): () => Promise<AdminAnswer> {
  let writing: Promise<AdminAnswer> | undefined;
  const write = async (): Promise<AdminAnswer> => {
    const { contentType, body } = await expose();
    return { status: 200, body, headers: { "content-type": contentType } };
  };
  return () => (writing ??= write().finally(() => (writing = undefined)));
}

function reloadRequest(body: Buffer): z.infer<typeof reloadBody> {
  const expected = 'expected JSON such as {"namespace": "orders", "version": "v1.3"}';
  let json: unknown;
  try {
    json = readJson(body, jsonBounds);
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    throw new PrismError("invalidRequest", `the body is no JSON (${why}): ${expected}`, { cause: reason });
  }
  const { success, data } = reloadBody.safeParse(json);
  if (!success) throw new PrismError("invalidRequest", `the body names no namespace: ${expected}`);
  return data;
}
