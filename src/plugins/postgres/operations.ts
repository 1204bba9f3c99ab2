import type { Health, OpenContext, OpenNamespace } from "../../sdk/index.js";
import { keyValue, PluginError } from "../../sdk/index.js";
import { type Config, connectionStringOf, loginKeysOf } from "./config.js";
import { Connections } from "./connections.js";
import { refusesCredentials, silent } from "./errors.js";
import { postgresKeyValue } from "./key-value.js";
import { keyValueStatements } from "./key-value-statements.js";
import { sweep } from "./sweep.js";
import { prepareTable, quoted } from "./table.js";

/** Opens a namespace in its table, which is made where it is not there. Several instances may do so at once. */
export async function openPostgres(context: OpenContext<Config>): Promise<OpenNamespace> {
  const { config, credentials, namespace, log, signal } = context;
  const connections = await Connections.open(
    {
      connectionString: connectionStringOf(config, credentials),
      loginKeys: loginKeysOf(credentials),
      applicationName: config.application_name,
      connectTimeoutMs: config.connect_timeout_ms,
      statementTimeoutMs: config.statement_timeout_ms,
      prepares: config.statement_cache_size > 0,
    },
    {
      size: config.pool_size,
      idleMs: config.idle_timeout * 1000,
      prepare: (connection) => prepareTable(connection, config.table),
      log,
    },
    signal,
  );
  const statements = keyValueStatements(quoted(config.table));
  const sweeping = sweep({
    connections,
    statement: statements.sweep,
    namespace,
    log,
    everyMs: config.sweep_interval_ms,
  });
  return {
    operations: keyValue(postgresKeyValue(connections, statements, namespace)),
    check: (checkSignal) => check(connections, checkSignal),
    close: async () => {
      await sweeping.stop();
      await connections.close();
    },
  };
}

async function check(connections: Connections, signal: AbortSignal): Promise<Health> {
  const { counters } = connections;
  try {
    await answeredBefore(signal, connections.ping());
  } catch (reason) {
    if (!(reason instanceof PluginError)) throw reason;
    const credentialsRefused = refusesCredentials(reason.cause);
    return { status: "UNHEALTHY", message: reason.message, counters, credentialsRefused };
  }
  const { serverVersion } = connections;
  return { status: "HEALTHY", details: { server_version: serverVersion }, counters };
}

/** A server that has stopped where it stands must not hold up the health check. */
function answeredBefore(signal: AbortSignal, answer: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(silent());
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
