import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { connect, type PrismClient, PrismError } from "../client/index.js";
import { Admin } from "../protocol/gen/prism/admin/v1/admin_pb.js";
import { type Plain, plain } from "./plain.js";
import type { ChangeView, InstanceView, NamespaceView, ReloadStep, StatusView } from "./views.js";

/** Long enough for a plugin to start and its predecessor to drain; what answers at once is told at once. */
const deadlineMs = 600_000;

/** What operators ask of a running Prism, with plain answers. */
export class AdminClient {
  readonly #client: PrismClient;

  /** Connects with the first call. */
  constructor(address: string) {
    this.#client = connect({ address });
  }

  /** Declares the namespaces of a YAML text, or only tells what that would do. `source` is its name in problems. */
  async apply(yaml: string, { source, dryRun }: { source: string; dryRun: boolean }): Promise<ChangeView[]> {
    return (await this.#ask(Admin.method.applyNamespaces, { yaml, source, dryRun })).changes;
  }

  /** Every namespace, by name. */
  async namespaces(): Promise<NamespaceView[]> {
    return (await this.#ask(Admin.method.listNamespaces, {})).namespaces;
  }

  /** One namespace. */
  async namespace(name: string): Promise<NamespaceView> {
    const { namespace } = await this.#ask(Admin.method.getNamespace, { name });
    if (!namespace) throw new PrismError("bug", `the runtime answered nothing for namespace "${name}"`);
    return namespace;
  }

  /** Ends a namespace; tells how many calls were cut. */
  async deleteNamespace(name: string): Promise<{ cut: number }> {
    return this.#ask(Admin.method.deleteNamespace, { name });
  }

  /** Every plugin instance. */
  async instances(): Promise<InstanceView[]> {
    return (await this.#ask(Admin.method.listPlugins, {})).instances;
  }

  /** Replaces a namespace's plugin instance, telling each step as it is done. */
  async *reload(namespace: string, version: string): AsyncGenerator<ReloadStep, void> {
    const method = Admin.method.reloadPlugin;
    const steps = this.#client.serverStream(method, { namespace, version }, { deadlineMs });
    for await (const step of steps) yield plain(method.output, step);
  }

  /** The runtime at a glance. */
  status(): Promise<StatusView> {
    return this.#ask(Admin.method.getStatus, {});
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }

  async #ask<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
  ): Promise<Plain<MessageShape<Out>>> {
    return plain(method.output, await this.#client.unary(method, request, { deadlineMs }));
  }
}
