import { Socket } from "node:net";
import { Client } from "pg";
import type { Call, PluginError } from "../../sdk/index.js";
import {
  asksForAnotherWay,
  away,
  connectFailure,
  endsConnection,
  left,
  loginRefused,
  refusesCredentials,
  sqlState,
  statementFailure,
  tooMany,
  unreadable,
  unsafeCommits,
} from "./errors.js";
import { tlsFailure } from "./tls-failures.js";
import { PreparedNames } from "./prepared-names.js";
import { reads, type Statement, type Value } from "./statement.js";
import { type Way, waysTo } from "./tls-modes.js";

/** Statements on their way to the server at once. More would only wait there; here one can still be left out. */
const maxPipelined = 64; /** A pooler may lend the server's connection to somebody else as soon as one statement is answered. */
const maxSentToPooler = 1;
/** Statements that wait here at most; then it is too much. */
const maxWaiting = 4096;
/** What a server is given to end a statement by itself before it is given up. */
const graceMs = 2000;

/** The session is ours where it is the process that we were told of. A pooler's is not, and what is set there others get. */
const settling = reads<[version: string, encoding: string, isOwn: boolean, commits: string]>(
  "",
  `SELECT current_setting('server_version'), current_setting('server_encoding'),
    pg_backend_pid() = $2, current_setting('synchronous_commit'),
    CASE WHEN pg_backend_pid() = $2 THEN set_config('statement_timeout', $1, false) END,
    CASE WHEN pg_backend_pid() = $2
      THEN set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false) END`,
);

/** How to connect. */
export interface ConnectionSettings {
  readonly connectionString: string;
  /** What is to be mended where the server refuses the user or the password. */
  readonly loginKeys: string;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Whether the server keeps statements prepared. */
  readonly prepares: boolean;
}

/** What may be known of a caller: enough to see that it has left. */
export type Caller = Pick<Call, "signal">;

interface Query {
  readonly statement: Statement<never>;
  readonly values: Value[];
  readonly caller: Caller | undefined;
  resolve(rows: readonly unknown[]): void;
  reject(reason: PluginError): void;
}

/** One connection. Statements are sent without waiting for the answers of those before (pipelined), all of one turn of the event loop in one write. */
export class Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #settings: ConnectionSettings;
  readonly #waiting: Query[] = [];
  readonly #watch: NodeJS.Timeout;
  readonly #names: PreparedNames;
  #maxSent = maxPipelined;
  #sent = 0;
  #lastAnswerAt = performance.now();
  #corked = false;
  #ended: PluginError | undefined;
  /** Called once when the connection breaks, not when it is closed. */
  onBreak: (reason: PluginError) => void = () => undefined;
  /** As the server tells them of itself. */
  serverVersion = "";
  serverEncoding = "";
  /** Whether a pooler is in between: then nothing is prepared, nothing pipelined, and no setting of the session is changed. */
  isPooled = false;

  /** Connects, each way within the settings' time. Rejects with a sentence for the operator. */
  static async open(settings: ConnectionSettings, signal: AbortSignal): Promise<Connection> {
    const [first, second] = waysTo(settings.connectionString);
    try {
      return await Connection.#openBy(first, settings, signal);
    } catch (reason) {
      if (second === undefined || !asksForAnotherWay(causeOf(reason))) throw reason;
      return await Connection.#openBy(second, settings, signal);
    }
  }

  static async #openBy(way: Way, settings: ConnectionSettings, signal: AbortSignal): Promise<Connection> {
    const socket = new Socket();
    const client = clientOver(socket, way, settings);
    const connection = new Connection(client, socket, settings);
    const leave = (): void => void socket.destroy();
    signal.addEventListener("abort", leave);
    try {
      signal.throwIfAborted();
      await client.connect();
      await connection.#settle();
      return connection;
    } catch (reason) {
      // A server that wants a certificate of ours says so by the same code.
      const isLogin = refusesCredentials(reason) && tlsFailure(reason) === undefined;
      const failure = isLogin
        ? loginRefused(reason, settings.loginKeys, nameOf(client))
        : connectFailure(reason, nameOf(client));
      connection.#end(failure);
      throw failure;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  private constructor(client: Client, socket: Socket, settings: ConnectionSettings) {
    this.#client = client;
    this.#socket = socket;
    this.#settings = settings;
    this.#names = new PreparedNames(settings.prepares);
    client.on("error", (reason) => this.#end(connectFailure(reason, nameOf(client))));
    client.on("end", () => this.#end(connectFailure(undefined, nameOf(client))));
    this.#watch = setInterval(() => this.#giveUpSilence(), graceMs / 2).unref();
  }

  /** Statements sent and not yet answered, and those that wait. */
  get load(): number {
    return this.#sent + this.#waiting.length;
  }

  /** Since when nobody has used it, in milliseconds; 0 while somebody does. */
  get idleMs(): number {
    return this.load === 0 ? performance.now() - this.#lastAnswerAt : 0;
  }

  /** Why it is of no more use; undefined while it is. */
  get ended(): PluginError | undefined {
    return this.#ended;
  }

  /** Runs a statement. A caller that leaves while it waits here is not served. */
  run<Row extends readonly unknown[]>(
    statement: Statement<Row>,
    values: Value[],
    caller?: Caller,
  ): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const answer = (rows: readonly unknown[]): void => resolve(rows as readonly Row[]);
      const query = { statement: statement as Statement<never>, values, caller, resolve: answer, reject };
      if (this.#ended) reject(away());
      else if (this.#sent < this.#maxSent) this.#send(query);
      else if (this.#waiting.length < maxWaiting) this.#waiting.push(query);
      else reject(tooMany());
    });
  }

  /** Runs several statements as one transaction. */
  async runScript(text: string): Promise<void> {
    this.#begin();
    try {
      await this.#client.query(text);
    } catch (reason) {
      throw connectFailure(reason, nameOf(this.#client));
    } finally {
      this.#answered();
    }
  }

  /** Lets what was sent be answered, says goodbye and closes. */
  async close(): Promise<void> {
    this.onBreak = () => undefined;
    for (const query of this.#waiting.splice(0)) query.reject(away());
    // A server that never answers must not keep us.
    const silent = setTimeout(() => this.#socket.destroy(), graceMs).unref();
    await this.#client.end();
    clearTimeout(silent);
  }

  #send(query: Query, name = this.#names.of(query.statement)): void {
    const { statement, values } = query;
    this.#begin();
    this.#cork();
    this.#client.query<unknown[], Value[]>(
      { name, text: statement.text, values, rowMode: "array" },
      (reason: Error | null, result) => {
        this.#answered();
        if (!reason) query.resolve(result.rows);
        else if (this.#names.failed(name, sqlState(reason)) && !this.#ended) this.#sendUnnamed(query);
        else this.#fail(query, reason);
        this.#sendNext();
      },
    );
  }

  /** The name was at fault, and nothing has run: the statement goes again, to be parsed anew. */
  #sendUnnamed(query: Query): void {
    if (query.caller?.signal.aborted) query.reject(left());
    else this.#send(query, "");
  }

  #begin(): void {
    if (this.#sent++ === 0) this.#lastAnswerAt = performance.now();
  }

  #answered(): void {
    this.#sent--;
    this.#lastAnswerAt = performance.now();
  }

  #sendNext(): void {
    while (!this.#ended && this.#sent < this.#maxSent) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.caller?.signal.aborted) next.reject(left());
      else this.#send(next);
    }
  }

  #fail(query: Query, reason: Error): void {
    query.reject(statementFailure(reason, query.statement));
    if (endsConnection(reason)) this.#end(connectFailure(reason, nameOf(this.#client)));
  }

  /** Holds the writes of one turn of the event loop together: a third less CPU a statement. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #giveUpSilence(): void {
    const silentMs = performance.now() - this.#lastAnswerAt;
    if (this.#sent > 0 && silentMs > this.#settings.statementTimeoutMs + graceMs) this.#socket.destroy();
  }

  /** Makes the server keep what was acknowledged, and end what takes too long. */
  async #settle(): Promise<void> {
    const values = [String(this.#settings.statementTimeoutMs), processIdOf(this.#client)];
    const [row] = await this.run(settling, values);
    const [version, encoding, isOwn, commits] = row ?? ["", "", true, "on"];
    [this.serverVersion, this.serverEncoding, this.isPooled] = [version, encoding, !isOwn];
    if (isOwn) return;
    if (commits === "off") throw unsafeCommits();
    this.#names.stop();
    this.#maxSent = maxSentToPooler;
  }

  /** What was sent is failed by the client, one by one; what still waits was not sent. */
  #end(reason: PluginError): void {
    if (this.#ended) return;
    this.#ended = reason;
    clearInterval(this.#watch);
    this.#socket.destroy();
    for (const query of this.#waiting.splice(0)) query.reject(away());
    this.onBreak(reason);
  }
}

function causeOf(reason: unknown): unknown {
  return reason instanceof Error ? reason.cause : undefined;
}

function clientOver(socket: Socket, { connectionString, ssl }: Way, settings: ConnectionSettings): Client {
  const { applicationName, connectTimeoutMs } = settings;
  try {
    return new Client({
      connectionString,
      ssl,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      pipeline: true,
      stream: () => socket,
    });
  } catch {
    // What pg says of a string that it cannot read may hold the password.
    throw unreadable();
  }
}

/** The server's process, as the protocol's BackendKeyData tells it; a pooler tells a number of its own. */
function processIdOf(client: Client): number {
  return "processID" in client && typeof client.processID === "number" ? client.processID : 0;
}

function nameOf({ host, port, database = "" }: Client): string {
  return `${host}:${port}, database "${database}"`;
}
