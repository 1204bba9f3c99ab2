import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import { type Databases, startPostgres } from "../servers/postgres.js";
import { describeKeyValue } from "./describe-key-value.js";
import { describePlugin } from "./describe-plugin.js";

const module = "src/plugins/postgres/index.ts";

let postgres: Databases;
let database: Client;
let url: string;
beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  database = new Client({ connectionString: url });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await postgres.stop();
});

const config = () => ({ connection_string: url });

describePlugin("postgres", {
  module,
  config,
  bad: {
    config: { connection_string: 5, pool_size: 0, tabel: "x" },
    says: [/config\.connection_string/, /config\.pool_size/, /tabel/],
  },
});
describeKeyValue("postgres", {
  module,
  config,
  // The server tells the time: what would end later is made to end sooner.
  pass: async (namespace, ms) => {
    await database.query(
      "UPDATE prism_keyvalue SET expires_at = expires_at - $2 * interval '1 millisecond' WHERE namespace = $1",
      [namespace, ms],
    );
  },
});
