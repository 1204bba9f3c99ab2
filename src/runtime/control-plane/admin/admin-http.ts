import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { z } from "zod";
import { codeName, httpStatusOf, PrismError } from "../../../protocol/index.js";
import type { Metrics } from "../metrics.js";
import type { Readiness } from "../overview.js";
import type { AdminNeighbours } from "./admin-service.js";
import type { OnBug } from "./grpc-methods.js";

const longestBody = 64 * 1024;
const reloadBody = z.object({ namespace: z.string().min(1), version: z.string().default("") });

/** Who answers over HTTP. */
export interface AdminHttpNeighbours extends Pick<AdminNeighbours, "overview" | "supervisor"> {
  readonly metrics: Pick<Metrics, "expose">;
  readonly onBug: OnBug;
}

/** An answer over HTTP. Objects become JSON. */
interface Answer {
  readonly status: number;
  readonly body: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `/healthz`, `/readyz`, `/metrics`, and the RFC's `POST /admin/plugin/reload`. */
export function adminHttp(near: AdminHttpNeighbours): RequestListener {
  return (request, response) => {
    answer(request, near)
      .catch((reason: unknown) => {
        const error = PrismError.from(reason);
        if (error.kind === "bug") near.onBug(request.url ?? "", reason);
        return failure(error);
      })
      .then((answered) => send(response, answered, request.method === "HEAD"))
      .catch(() => response.destroy());
  };
}

async function answer(request: IncomingMessage, near: AdminHttpNeighbours): Promise<Answer> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
  const routes: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    "GET /healthz": () => ({ status: 200, body: { status: "alive" } }),
    "GET /readyz": () => readiness(near.overview.readiness()),
    "GET /metrics": () => exposition(near.metrics),
    "POST /admin/plugin/reload": () => reload(request, near),
  };
  const route = routes[`${method} ${path}`];
  if (route) return await route();
  const allowed = Object.keys(routes).flatMap((key) =>
    key.endsWith(` ${path}`) ? (key.split(" ")[0] ?? []) : [],
  );
  if (allowed.length > 0)
    return {
      status: 405,
      body: `${path} takes ${allowed.join(", ")}\n`,
      headers: { allow: allowed.join(", ") },
    };
  const known = Object.keys(routes).join(", ");
  return { status: 404, body: `no ${path} here; there are: ${known}, and gRPC (prism.admin.v1.Admin)\n` };
}

function readiness(told: Readiness): Answer {
  return { status: told.ready ? 200 : 503, body: told };
}

async function exposition(metrics: Pick<Metrics, "expose">): Promise<Answer> {
  const { contentType, text } = await metrics.expose();
  return { status: 200, body: text, headers: { "content-type": contentType } };
}

async function reload(request: IncomingMessage, { supervisor }: AdminHttpNeighbours): Promise<Answer> {
  assertNoWebPage(request);
  const { namespace, version } = reloadRequest(await bodyOf(request));
  return { status: 200, body: await supervisor.reload(namespace, { version }) };
}

/**
 * Browsers name the page that sends a POST, and this address serves none: whoever visits a bad page must not reload
 * plugins by it, nor by a name that the page lets point to this machine.
 */
function assertNoWebPage({ headers }: IncomingMessage): void {
  if (headers.origin === undefined) return;
  throw new PrismError(
    "failedPrecondition",
    "requests from web pages are not taken here: send it without an Origin header, as curl and `prism` do",
  );
}

function reloadRequest(text: string): z.infer<typeof reloadBody> {
  const expected = 'expected JSON such as {"namespace": "orders", "version": "v1.3"}';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (reason) {
    throw new PrismError("invalidRequest", `the body is no JSON: ${expected}`, { cause: reason });
  }
  const { success, data } = reloadBody.safeParse(json);
  if (!success) throw new PrismError("invalidRequest", `the body names no namespace: ${expected}`);
  return data;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const body: AsyncIterable<Buffer> = request;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > longestBody)
      throw new PrismError("overLimit", `the body is longer than ${longestBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function failure(error: PrismError): Answer {
  const { code, reason, message, info } = error;
  return { status: httpStatusOf(code), body: { error: { code: codeName(code), reason, message, info } } };
}

function send(response: ServerResponse, { status, body, headers }: Answer, isHead: boolean): void {
  const isText = typeof body === "string";
  const text = isText ? body : `${JSON.stringify(body)}\n`;
  const type = isText ? "text/plain; charset=utf-8" : "application/json";
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(isHead ? undefined : text);
}
