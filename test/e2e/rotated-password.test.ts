import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connected } from "../plugins/opened-postgres.js";
import { type OwnPostgres, startOwnPostgres } from "../servers/postgres.js";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";

let postgres: OwnPostgres;
let prism: RunningPrism;
beforeAll(async () => {
  postgres = await startOwnPostgres();
}, 60_000);
afterAll(() => postgres.stop());
afterEach(() => prism.stop());

test("a password that changed in the backend and in its secret's file is looked up again, without a reload by hand", async () => {
  const url = await postgres.createDatabase();
  await using owner = await connected(url);
  await owner.query("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'old'");
  const directory = await mkdtemp(join(tmpdir(), "prism-e2e-"));
  const secret = join(directory, "secrets", "pgpw");
  await mkdir(join(directory, "secrets"));
  await writeFile(secret, "old");
  prism = await servePrism({
    directory,
    yaml: `
secrets: [{ files: ${join(directory, "secrets")} }]
namespaces:
  - name: default
    backend: postgres
    config: { connection_string: "${url}" }
    credentials: { username: app, password: "{{ secret:pgpw }}" }
    plugin: { health: { interval_ms: 100 } }
`,
  });
  const put = async (value: string): Promise<number> => {
    const address = `http://${prism.address}/v1/namespaces/default/kv/key`;
    return (await fetch(address, { method: "PUT", body: value })).status;
  };
  expect(await put("before")).toBe(204);

  await owner.query("ALTER ROLE app PASSWORD 'new'");
  await postgres.halt();
  await postgres.start();
  await until("the refused login to be told", () => prism.output().includes("PostgreSQL is away"));
  expect(await put("meanwhile")).toBe(503);
  await writeFile(secret, "new");

  await until("writes to be taken again", async () => (await put("after")) === 204);
  expect(prism.output()).toContain("the secrets are others now");
});
