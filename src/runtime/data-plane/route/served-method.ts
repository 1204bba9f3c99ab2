import { HeaderList } from "../../../wire/index.js";
import type { OperationMetrics } from "../common/call-metrics.js";
import type { Instance } from "./instance.js";
import { type Method, pluginExecute, pluginExecuteStream } from "./method.js";
import { type CallHeaders, NamespaceHeaders, PluginHeaders, type ToldFields } from "./plugin-headers.js";

/** What a method of a namespace is served with. */
export interface ServedBy {
  readonly namespace: string;
  readonly instance: Instance;
  readonly metrics: OperationMetrics;
}

/** A method of a namespace, and what all its calls share, however their header blocks differ. */
export class ServedMethod implements CallHeaders {
  readonly method: Method;
  readonly instance: Instance;
  readonly metrics: OperationMetrics;
  /** Headers that calls of other namespaces have as well. */
  #common!: HeaderList;
  /** Headers that all its calls begin with. */
  #shared: HeaderList;
  /** Headers of a call that tells nothing beside. */
  readonly #plain: PluginHeaders;
  readonly #namespace: string;
  readonly #path: string;
  #authority = "plugin";
  #contentType = "application/grpc";

  constructor(method: Method, { namespace, instance, metrics }: ServedBy) {
    this.method = method;
    this.instance = instance;
    this.metrics = metrics;
    this.#namespace = namespace;
    this.#path = pathAtPlugin(method);
    this.#shared = this.#make();
    this.#plain = new PluginHeaders(this.#shared, [], []);
  }

  /** The headers of a call that tells nothing beside. */
  within(timeoutMs: number | undefined): HeaderList {
    return timeoutMs === undefined ? this.#shared : this.#plain.within(timeoutMs);
  }

  beginningWith(fields: readonly string[]): CallHeaders {
    return this.#plain.beginningWith(fields);
  }

  forNamespace(namespace: string): CallHeaders {
    return new NamespaceHeaders(this.#common, namespace);
  }

  /** The headers of a call that tells more than that it is for the namespace. */
  headersFor({ authority, contentType, fields, neverIndexed }: ToldFields): CallHeaders {
    if (authority !== this.#authority || contentType !== this.#contentType) {
      this.#authority = authority;
      this.#contentType = contentType;
      this.#shared = this.#make();
    }
    return new PluginHeaders(this.#shared, fields, neverIndexed);
  }

  /** Begins with what calls of other namespaces have as well: of thousands, few lists are kept by the wire. */
  #make(): HeaderList {
    this.#common = this.instance.headersOf(this.#path, this.#authority, this.#contentType);
    return HeaderList.after(this.#common, ["prism-namespace", this.#namespace]);
  }
}

function pathAtPlugin(method: Method): string {
  switch (method.kind) {
    case "tunnelled":
      return method.path;
    case "stream":
      return pluginExecuteStream;
    default:
      return pluginExecute;
  }
}
