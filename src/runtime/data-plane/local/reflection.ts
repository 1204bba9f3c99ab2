import type { Route } from "../../model/route-table.js";
import type { Routes } from "../route/routes.js";
import { Descriptors, readFiles } from "./descriptors.js";
import { ownDescriptors, ownServices } from "./own-services.js";

const nothing = new Descriptors([]);

/** What can be told of the services at Prism's address: its own, and those that a namespace's plugin declares. */
export class Reflection {
  readonly #routes: Routes;
  /** What a route's plugin describes. Routes that are routed by no more are forgotten with it. */
  readonly #declared = new WeakMap<Route, Descriptors>();

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** The full names of the services that a call with that namespace may reach; without one, of Prism's own. */
  services(namespace: string): string[] {
    const declared = this.#route(namespace)?.services ?? [];
    return [...new Set([...ownServices, ...declared])];
  }

  /** What describes them: Prism's own before what is declared, so that a plugin cannot say what Prism means. */
  descriptors(namespace: string): readonly Descriptors[] {
    return [ownDescriptors(), this.#declaredBy(this.#route(namespace))];
  }

  #route(namespace: string): Route | undefined {
    const { routes } = this.#routes.table;
    return Object.hasOwn(routes, namespace) ? routes[namespace] : undefined;
  }

  #declaredBy(route: Route | undefined): Descriptors {
    if (!route || route.fileDescriptors.length === 0) return nothing;
    let declared = this.#declared.get(route);
    if (!declared) {
      const files = readFiles(route.fileDescriptors.map((text) => Buffer.from(text, "base64")));
      const theirs = files.filter(({ symbols }) => !symbols.some(isPrisms));
      declared = new Descriptors(theirs, ownDescriptors());
      this.#declared.set(route, declared);
    }
    return declared;
  }
}

/** Names that no plugin may describe. */
function isPrisms(name: string): boolean {
  return name === "prism" || name.startsWith("prism.");
}
