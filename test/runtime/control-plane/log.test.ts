import { expect, test } from "vitest";
import type { LogSettings } from "../../../src/runtime/config/index.js";
import { createLog } from "../../../src/runtime/control-plane/log.js";

async function written(settings: LogSettings & { terminal: boolean }, fields: Record<string, string>) {
  let text = "";
  const log = await createLog({ ...settings, destination: { write: (line: string) => void (text += line) } });
  log.debug("not wanted");
  log.warn("a plugin fell", fields);
  return text;
}

test("log lines are JSON where no terminal is, from the wanted level on", async () => {
  const text = await written({ level: "info", format: "auto", terminal: false }, { namespace: "orders" });

  expect(JSON.parse(text)).toMatchObject({ level: "warn", msg: "a plugin fell", namespace: "orders" });
});

test("log lines are for eyes on a terminal", async () => {
  const text = await written({ level: "info", format: "auto", terminal: true }, { namespace: "orders" });

  expect(text).toMatch(/^\[\d\d:\d\d:\d\d\] WARN: a plugin fell\n\s+namespace: "orders"/);
});

test("log lines never hold what is called a secret", async () => {
  const secrets = { token: "t0ken", password: "hunter2", credentials: "cr3d", secret: "s3cret" };

  for (const format of ["json", "pretty"] as const) {
    const text = await written({ level: "info", format, terminal: false }, secrets);

    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    expect(text).toContain("[redacted]");
  }
});
