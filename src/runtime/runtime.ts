import { dirname, extname } from "node:path";
import { type LineOutlet, LoopDelay, PrismError } from "../protocol/index.js";
import { collectGarbage } from "../protocol/collect-garbage.js";
import { inProcessChannel, sidecarChannel, unlessAborted } from "./channel/index.js";
import {
  type Config,
  type DeclarationText,
  loadConfig,
  readDeclarations,
  resolveSecrets,
} from "./config/index.js";
import { AppliedNamespaces } from "./control-plane/namespaces/applied-namespaces.js";
import { ConfigWatch } from "./control-plane/namespaces/config-watch.js";
import { forkedProxy } from "./control-plane/proxies/forked-proxy.js";
import { listen, type Listener } from "./control-plane/listeners.js";
import { createLog } from "./control-plane/log.js";
import { stderrOutlet } from "./control-plane/log-outlet.js";
import { Namespaces, type OnStart } from "./control-plane/namespaces/namespaces.js";
import { Overview, type RuntimeStatus } from "./control-plane/overview.js";
import { Proxies } from "./control-plane/proxies/proxies.js";
import { Reaper } from "./control-plane/supervisor/reaper.js";
import { openStateDirectory, type StateDirectory } from "./control-plane/state/state-dir.js";
import { systemClock } from "./control-plane/supervisor/clock.js";
import { Supervisor } from "./control-plane/supervisor/supervisor.js";
import { readTlsFiles, type TlsFiles } from "./control-plane/tls/tls-files.js";
import { TlsWatch } from "./control-plane/tls/tls-watch.js";
import { withinDescriptors } from "./control-plane/descriptors.js";
import { FileWatcher } from "./control-plane/common/watch-file.js";
import { inProcessProxy } from "./in-process-proxy.js";
import { installed } from "./model/installed.js";
import type { Log } from "./model/log.js";
import type { TlsMaterial } from "./model/tls-material.js";
import { Operators } from "./operators.js";
import { prismVersion } from "./prism-version.js";
import type { StartOptions } from "./start-options.js";
import { Teardown } from "./teardown.js";

/** How long a plugin may take to end once its calls are over. */
const pluginGraceMs = 5_000;
/** How long the last lines of a stop may take to whoever reads the log. */
const lastLinesMs = 1_000;

const withoutInit =
  "Prism is process 1, where nobody reaps the processes that plugins leave behind: run it under an init, as by docker run --init (docs/running.md)";

/** A running Prism. */
export interface Runtime {
  /** Everything at a glance. */
  status(): Promise<RuntimeStatus>;
  /** Takes no new calls, finishes those that run within `server.drain_ms`, and ends everything. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts Prism: takes the state directory, listens, launches proxies, starts the namespaces. Resolves when each namespace
 * has been tried once; one that fails is tried again and stops no other. Rejects, with everything undone, where the
 * directory or an address cannot be had.
 */
export async function startRuntime(config: Config, options: StartOptions = {}): Promise<Runtime> {
  const outlet = stderrOutlet();
  const terminal = process.stderr.isTTY;
  const log = await createLog({ ...config.log, terminal, colors: terminal, destination: outlet });
  outlet.onDropped = (lines) =>
    log.warn("log lines were dropped: whoever reads the log was too slow", { lines });
  const teardown = new Teardown(log);
  try {
    return await start({ config, options, log, outlet, teardown });
  } catch (reason) {
    await teardown.run();
    await outlet.flush(lastLinesMs);
    throw reason;
  }
}

/** What every step of the start needs. */
interface Start {
  readonly config: Config;
  readonly options: StartOptions;
  readonly log: Log;
  readonly outlet: LineOutlet;
  readonly teardown: Teardown;
}

async function start(request: Start): Promise<Runtime> {
  const { config, options, log, outlet, teardown } = request;
  const { onProgress = () => undefined, signal = new AbortController().signal } = options;
  if (process.pid === 1) log.warn(withoutInit);
  const tls = await readTls(request);
  const state = await openStateDirectory(config.server.stateDirectory);
  teardown.add(() => state.release());

  const parts = compose(request, state, tls?.material);
  const { overview, proxies, namespaces } = parts;
  const { clients, admin } = await openListeners(request, parts);
  parts.addresses.listen = clients.map(({ address }) => address);
  parts.addresses.admin = admin;
  onProgress({ step: "listening", ...parts.addresses });
  signal.throwIfAborted();

  teardown.add(() => proxies.stop(config.server.drainMs));
  await proxies.start(clients.map(({ server }) => server));
  // Before the proxies finish their calls nobody may come anew.
  teardown.add(() => clients.forEach((listener) => listener.close()));
  onProgress({ step: "proxies", count: config.server.proxies });

  const onStart: OnStart = (name, progress, reason) =>
    onProgress({ step: "namespace", name, state: progress, reason });
  const starting = namespaces.start(config.namespaces, onStart, signal);
  await unlessAborted(starting, signal, () => "the start was interrupted");
  await watchFiles(parts, teardown);
  teardown.add(() => {
    overview.stopping();
    log.info(`Prism stops, and waits up to ${config.server.drainMs / 1000} s for calls that run`);
  });
  collectGarbage();
  overview.started();
  log.info("Prism serves", { listen: parts.addresses.listen.join(", "), admin: parts.addresses.admin });
  const stop = async (): Promise<void> => {
    await teardown.run();
    await outlet.flush(lastLinesMs);
  };
  return { status: () => overview.status(), stop };
}

async function readTls({ config, log }: Start): Promise<TlsFiles | undefined> {
  const tls = config.server.tls && (await readTlsFiles(config.server.tls));
  for (const warning of tls?.warnings ?? []) log.warn(warning);
  return tls;
}

/** Takes edits of the files from here on. */
async function watchFiles({ configWatch, tlsWatch }: Parts, teardown: Teardown): Promise<void> {
  await configWatch.start();
  teardown.add(() => configWatch.stop());
  teardown.add(() => tlsWatch?.stop());
  await tlsWatch?.start();
}

/** Puts the parts together. Nothing listens or runs yet, but for the reaper. */
function compose(
  { config, options, log, teardown }: Start,
  state: StateDirectory,
  tls: TlsMaterial | undefined,
) {
  const { env = process.env } = options;
  const cwd = options.cwd ?? (config.file === undefined ? process.cwd() : dirname(config.file));
  const version = prismVersion();
  const addresses: { listen: readonly string[]; admin: string } = { listen: [], admin: "" };
  const files = new FileWatcher(log);
  const surroundings: Surroundings = {
    ...{ config, log, teardown, state, tls, env, version, files },
    current: config,
  };

  const { proxies, supervisor } = composeServing(surroundings);
  const load = options.reload ?? (() => loadConfig({ ...(config.file && { file: config.file }), env, cwd }));
  const { namespaces, configWatch } = composeDeclaring(surroundings, { supervisor, load, cwd });
  const take = (material: TlsMaterial): void => proxies.secure(material);
  const tlsWatch = config.server.tls && tls && new TlsWatch(config.server.tls, tls, { take, files, log });
  const overview = new Overview({
    facts: () => ({
      ...{ version, pid: process.pid, ...addresses },
      ...{ tls: tls !== undefined, configFile: config.file ?? "" },
    }),
    fileProblems: () => [...configWatch.problems, ...(tlsWatch?.problems ?? [])],
    ...{ namespaces, supervisor, proxies },
  });
  return { addresses, proxies, supervisor, namespaces, configWatch, tlsWatch, overview };
}

/** What the parts are made from. */
interface Surroundings extends Omit<Start, "options" | "outlet"> {
  readonly state: StateDirectory;
  readonly tls: TlsMaterial | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly files: FileWatcher;
  /** The configuration as it stands: `config`, until an edit of its file is taken. */
  current: Config;
}

/** Who serves calls: the proxies, and the instances that they lead to. */
function composeServing(surroundings: Surroundings): { proxies: Proxies; supervisor: Supervisor } {
  const { config, log, teardown, state, tls, env, version } = surroundings;
  const { proxies: count, limits, hosts, defaultNamespace, cors, proxyProtocol, drainMs } = config.server;
  const reaper = new Reaper(log);
  teardown.add(() => reaper.stop());
  const proxies = new Proxies({
    count: Math.max(1, count),
    launch: count === 0 ? inProcessProxy(log) : forkedProxy(proxyEntry()),
    settings: {
      limits: withinDescriptors(limits, log),
      hosts,
      defaultNamespace,
      cors,
      proxyProtocol,
      ...(tls && { tls }),
    },
    log,
    onUnreachable: (instance, reason) => supervisor.noticeUnreachable(instance, reason),
  });
  const supervisor = new Supervisor({
    channels: { sidecar: sidecarChannel({ groups: reaper }), in_process: inProcessChannel() },
    secrets: (namespace) => resolveSecrets(namespace, { providers: surroundings.current.secrets, env }),
    paths: state,
    routes: proxies,
    clock: systemClock,
    random: Math.random,
    drainMs,
    graceMs: pluginGraceMs,
    proxyVersion: version,
    log,
  });
  teardown.add(() => supervisor.stop(pluginGraceMs));
  return { proxies, supervisor };
}

/** Who says what is served: the file, and operators. */
function composeDeclaring(
  surroundings: Surroundings,
  { supervisor, load, cwd }: { supervisor: Supervisor; load: () => Promise<Config>; cwd: string },
): { namespaces: Namespaces; configWatch: ConfigWatch } {
  const { config, log, state, env, files } = surroundings;
  const read = (texts: readonly DeclarationText[]) =>
    readDeclarations(texts, { env, cwd, plugins: surroundings.current.plugins });
  const applied = new AppliedNamespaces(state.namespaces);
  const namespaces = new Namespaces({ supervisor, applied, read, log });
  const take = (edited: Config): Promise<readonly string[]> => {
    surroundings.current = edited;
    return namespaces.reconcile(edited.namespaces);
  };
  return { namespaces, configWatch: new ConfigWatch(config, { load, take, files, log }) };
}

/** The parts, put together. */
type Parts = ReturnType<typeof compose>;

async function openListeners(
  { config, log, outlet, teardown }: Start,
  { proxies, supervisor, namespaces, overview }: Parts,
): Promise<{ clients: readonly Listener[]; admin: string }> {
  const loop = new LoopDelay();
  teardown.add(() => loop.stop());
  const operators = new Operators({
    ...{ namespaces, overview, supervisor, log },
    server: config.server,
    stateDirectory: config.server.stateDirectory,
    onBug: (where, reason) =>
      log.error("an operator's request met a bug", { where, reason: explain(reason) }),
    sources: {
      counted: () => proxies.counted(),
      proxies: () => proxies.status(),
      instances: () => supervisor.instances(),
      droppedLogLines: () => outlet.dropped,
      ownLoop: () => loop.delays(),
      pluginLoops: () => supervisor.loops(),
    },
  });
  teardown.add(() => operators.end());
  const admin = await operators.begin();
  const open = async (...request: Parameters<typeof listen>): Promise<Listener> => {
    const listener = await listen(...request);
    teardown.add(() => listener.close());
    return listener;
  };
  const clients: Listener[] = [];
  for (const address of config.server.listen)
    clients.push(
      await open({
        ...{ address, key: "server.listen", unixSocket: config.server.unixSocket },
        onConnection: (socket) => proxies.give(socket),
      }),
    );
  return { clients, admin };
}

/** The program of a data-plane process: built where this is built, source where this is source. */
function proxyEntry(): string {
  const isSource = extname(import.meta.url) === ".ts";
  return installed(isSource ? "src/runtime/data-plane/main.ts" : "dist/runtime/data-plane/main.js");
}

function explain(reason: unknown): string {
  const { cause } = PrismError.from(reason);
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(cause ?? reason);
}
