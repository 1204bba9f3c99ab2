import { type JsonObject } from "@bufbuild/protobuf";
import { PrismError } from "../../../protocol/index.js";
import type { Permit } from "../../model/permit.js";
import type { Route } from "../../model/route-table.js";
import type { Serving } from "./serving.js";

/** What one has to be permitted to be told of a namespace; no plugin sees it. */
const describing = "describe";

/** Answers which namespaces there are, as far as the caller may know of them. */
export function serveNamespaces(serving: Serving): Promise<void> {
  const { routes } = serving.service.routes.table;
  const permitted = Object.values(routes).filter(({ namespace }) => isPermitted(serving, namespace));
  const namespaces = permitted.map((route) => ({ name: route.namespace, state: stateOf(route) }));
  return serving.answerJson({ namespaces });
}

/** Answers what a namespace can do: never where its plugin is, nor how it is spoken to. */
export function serveNamespace(serving: Serving, namespace: string): Promise<void> {
  const { path, routes, messageBytes } = serving.service;
  const permit = permitFor(serving, namespace);
  path.limit(permit);
  const { route } = routes.find(permit.namespace);
  return serving.answerJson({
    name: route.namespace,
    state: stateOf(route),
    ...(route.reason === undefined ? {} : { reason: route.reason }),
    operations: route.operations.map(({ name, pattern = "", ...promised }) => ({
      name,
      pattern,
      idempotent: promised.idempotent ?? false,
      ordered: promised.ordered ?? false,
      streaming: promised.streaming ?? false,
    })),
    services: [...route.services],
    limits: { deadlineMs: route.deadlineMs, messageBytes },
  } satisfies JsonObject);
}

function permitFor(serving: Serving, namespace: string): Permit {
  const { path, peer } = serving.service;
  const principal = path.authenticate(peer, serving.headersFor(namespace, serving.exchange.target));
  return path.authorize(principal, { namespace, operation: describing });
}

function isPermitted(serving: Serving, namespace: string): boolean {
  try {
    permitFor(serving, namespace);
    return true;
  } catch (reason) {
    if (reason instanceof PrismError) return false;
    throw reason;
  }
}

function stateOf({ instance }: Route): "serving" | "away" {
  return instance ? "serving" : "away";
}
