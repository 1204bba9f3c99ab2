import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type CallOptions, connect, type PrismClient, PrismError } from "../client/index.js";
import { Admin } from "../protocol/gen/prism/admin/v1/admin_pb.js";
import { operatorTokenField } from "../protocol/index.js";
import { tokenAskedFor } from "./operator-token.js";
import { type Plain, plain } from "./plain.js";
import type { ChangeView, InstanceView, NamespaceView, ReloadStep, StatusView } from "./views.js";

/** Long enough for a plugin to start and its predecessor to drain; what answers at once is told at once. */
const deadlineMs = 600_000;

/**
 * What operators ask of a running Prism, with plain answers. What changes something shows the operators' token where one
 * is asked for: the one that is given, else the one of Prism's own user, which is looked for by itself.
 */
export class AdminClient {
  readonly #address: string;
  #client: PrismClient;
  #token: string | undefined;

  /** Connects with the first call. */
  constructor(address: string, token?: string) {
    this.#address = address;
    this.#client = connect({ address });
    this.#token = token;
  }

  /** Declares the namespaces of a YAML text, or only tells what that would do. `source` is its name in problems. */
  async apply(yaml: string, { source, dryRun }: { source: string; dryRun: boolean }): Promise<ChangeView[]> {
    return (await this.#act(Admin.method.applyNamespaces, { yaml, source, dryRun })).changes;
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
    return this.#act(Admin.method.deleteNamespace, { name });
  }

  /** Every plugin instance. */
  async instances(): Promise<InstanceView[]> {
    return (await this.#ask(Admin.method.listPlugins, {})).instances;
  }

  /** Replaces a namespace's plugin instance, telling each step as it is done. */
  async *reload(namespace: string, version: string): AsyncGenerator<ReloadStep, void> {
    const method = Admin.method.reloadPlugin;
    const reload = () => this.#client.serverStream(method, { namespace, version }, this.#options());
    try {
      for await (const step of reload()) yield plain(method.output, step);
    } catch (reason) {
      await this.#showToken(reason);
      for await (const step of reload()) yield plain(method.output, step);
    }
  }

  /** The runtime at a glance. */
  status(): Promise<StatusView> {
    return this.#ask(Admin.method.getStatus, {});
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }

  /** Asks for what changes something. A refusal for want of a token has changed nothing: it is asked again. */
  async #act<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
  ): Promise<Plain<MessageShape<Out>>> {
    try {
      return await this.#ask(method, request);
    } catch (reason) {
      await this.#showToken(reason);
      return await this.#ask(method, request);
    }
  }

  /** From now on the token is shown that a refusal asks for; rejects with the refusal where there is none to show. */
  async #showToken(refusal: unknown): Promise<void> {
    const isFirst = this.#token === undefined && refusal instanceof PrismError;
    const found = isFirst ? await tokenAskedFor(refusal, this.#address) : undefined;
    if (!found) throw refusal;
    this.#token = found.token;
    this.#client.close();
    this.#client = connect({ address: found.address });
  }

  #options(): CallOptions {
    const headers = this.#token === undefined ? {} : { [operatorTokenField]: this.#token };
    return { deadlineMs, headers };
  }

  async #ask<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
  ): Promise<Plain<MessageShape<Out>>> {
    return plain(method.output, await this.#client.unary(method, request, this.#options()));
  }
}
