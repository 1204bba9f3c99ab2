/** `npm run interop`: gRPC's interoperability cases through Prism and against its channels, as a table. */
import { type BehindPrism, behindPrism } from "./behind-prism.js";
import { interopCases } from "./cases.js";
import { GrpcJsCaller } from "./grpc-js-caller.js";
import { goServer, type InteropServer, javaServer, pythonServer } from "./interop-servers.js";
import { compressedCases, officialCases, runGoCase, runJavaCase } from "./official.js";
import { wireCaller } from "./wire-caller.js";
import { wireConnection } from "./wire-connection.js";

/** A client and a server, and the cases that this pair is put to. */
interface Pair {
  readonly client: string;
  readonly server: "grpc-go" | "grpc-java" | "grpc-core";
  /** Whether Prism is between them; else the client is Prism's own. */
  readonly throughPrism: boolean;
  readonly cases: readonly string[];
  readonly run: (testCase: string, port: number) => Promise<void>;
}

const servers = { "grpc-go": goServer, "grpc-java": javaServer, "grpc-core": pythonServer } as const;
const ownCases = Object.keys(interopCases);
const netty = (name: string, port: number): Promise<void> => runJavaCase(name, port, "netty");
const okhttp = (name: string, port: number): Promise<void> => runJavaCase(name, port, "okhttp");

const pairs: readonly Pair[] = [
  { client: "grpc-go", server: "grpc-go", throughPrism: true, cases: officialCases, run: runGoCase },
  { client: "grpc-go", server: "grpc-java", throughPrism: true, cases: officialCases, run: runGoCase },
  {
    client: "grpc-java",
    server: "grpc-java",
    throughPrism: true,
    cases: [...officialCases, ...compressedCases],
    run: netty,
  },
  { client: "okhttp", server: "grpc-go", throughPrism: true, cases: officialCases, run: okhttp },
  { client: "grpc-js", server: "grpc-core", throughPrism: true, cases: ownCases, run: runGrpcJs },
  ...(["grpc-go", "grpc-java", "grpc-core"] as const).map((server): Pair => ({
    client: "channel",
    server,
    throughPrism: false,
    cases: ownCases,
    run: runChannel,
  })),
];

const results: ReadonlyMap<string, "✓" | "✗">[] = [];
for (const server of Object.keys(servers) as (keyof typeof servers)[]) await runServer(server);
printTable();
if (results.some((column) => [...column.values()].includes("✗"))) process.exitCode = 1;

/** Runs every pair of a server. */
async function runServer(name: keyof typeof servers): Promise<void> {
  const server = await servers[name]();
  let behind: BehindPrism | undefined;
  try {
    behind = await behindPrism(server);
    for (const [index, pair] of pairs.entries())
      if (pair.server === name) results[index] = await runPair(pair, pair.throughPrism ? behind : server);
  } finally {
    await behind?.stop();
    await server.stop();
  }
}

async function runPair(
  pair: Pair,
  { port }: Pick<InteropServer, "port">,
): Promise<ReadonlyMap<string, "✓" | "✗">> {
  const column = new Map<string, "✓" | "✗">();
  for (const name of pair.cases) {
    try {
      await pair.run(name, port);
      column.set(name, "✓");
    } catch (reason) {
      column.set(name, "✗");
      process.stderr.write(`${pair.client} → ${pair.server}, ${name}: ${String(reason)}\n`);
    }
  }
  return column;
}

async function runGrpcJs(name: string, port: number): Promise<void> {
  const caller = new GrpcJsCaller(`127.0.0.1:${port}`);
  try {
    await interopCases[name]?.(caller);
  } finally {
    caller.close();
  }
}

async function runChannel(name: string, port: number): Promise<void> {
  const connection = await wireConnection(port);
  try {
    await interopCases[name]?.(wireCaller(connection));
  } finally {
    connection.destroy();
  }
}

function printTable(): void {
  const width = Math.max(...pairs.flatMap(({ cases }) => cases.map((name) => name.length)));
  const row = (title: string, cells: readonly string[]): void =>
    void process.stdout.write(
      `${[title.padEnd(width), ...cells.map((cell) => cell.padEnd(11))].join("  ").trimEnd()}\n`,
    );
  row(
    "client",
    pairs.map(({ client }) => client),
  );
  row(
    "through",
    pairs.map(({ throughPrism }) => (throughPrism ? "prism" : "–")),
  );
  row(
    "server",
    pairs.map(({ server }) => server),
  );
  for (const name of new Set(pairs.flatMap(({ cases }) => cases)))
    row(
      name,
      results.map((column) => column.get(name) ?? ""),
    );
}
