import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeKeyValue } from "./describe-key-value.js";
import { describePlugin } from "./describe-plugin.js";

const module = "src/plugins/sqlite/index.ts";
const directory = mkdtempSync(join(tmpdir(), "sqlite-contract-"));
const config = () => ({ path: join(directory, "shared.sqlite") });
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describePlugin("sqlite", {
  module,
  config,
  bad: {
    config: { path: 5, busy_timeout_ms: -1, pth: "x" },
    says: [/config\.path/, /config\.busy_timeout_ms/, /pth/],
  },
});
describeKeyValue("sqlite", { module, config });
