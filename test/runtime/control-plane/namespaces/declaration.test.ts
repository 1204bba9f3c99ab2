import { describe, expect, test } from "vitest";
import {
  changedKeys,
  declarationYaml,
} from "../../../../src/runtime/control-plane/namespaces/declaration.js";
import { namespaceOn } from "../supervised.js";

describe("the keys that differ", () => {
  test("are told as prism.yaml spells them", () => {
    const before = namespaceOn("a.js", {
      config: { pool: { size: 1, name: "x" } },
      credentials: { password: "a" },
    });
    const after = namespaceOn("b.js", {
      config: { pool: { size: 2, name: "x" }, more: true },
      credentials: { password: "b" },
      deadlineMs: 5,
      plugin: { health: { ...before.plugin.health, intervalMs: 1 } },
    });

    expect(changedKeys(before, after)).toEqual([
      "plugin.command",
      "plugin.health.interval_ms",
      "config.pool.size",
      "config.more",
      "credentials.password",
      "deadline_ms",
    ]);
  });

  test("are none where only the owner differs", () => {
    const before = namespaceOn("a.js");

    expect(changedKeys(before, { ...before, owner: { kind: "file", file: "prism.yaml", line: 9 } })).toEqual(
      [],
    );
  });
});

describe("a declaration that is shown", () => {
  test("holds no credentials, and nothing that looks like a secret", () => {
    const namespace = namespaceOn("a.js", {
      credentials: { user: "ann", password: "hunter2" },
      plugin: { token: "t0ken", env: { API_KEY: "k3y", PATH_OF: "/x" } },
      config: {
        url: "postgres://ann:hunter3@db/x",
        nested: [{ client_secret: "s3cret", name: "visible" }],
        password: "{{ secret:pg }}",
      },
    });

    const yaml = declarationYaml(namespace);

    for (const secret of ["ann:hunter3", "hunter2", "t0ken", "k3y", "s3cret"])
      expect(yaml).not.toContain(secret);
    for (const shown of ["name: orders", "visible", "{{ secret:pg }}", "PATH_OF: (hidden)", "@db/x"])
      expect(yaml).toContain(shown);
  });

  test("hides what its plugin calls secret, and nothing beside it", () => {
    const namespace = namespaceOn("a.js", {
      config: {
        pin: "m4rker",
        pins: "shown-1",
        servers: [{ key: "m4rker", host: "shown-2" }, { key: 12_345 }],
      },
    });

    const yaml = declarationYaml(namespace, ["pin", "servers.*.key"]);

    expect(yaml).not.toMatch(/m4rker|12345/);
    for (const shown of ["pins: shown-1", "host: shown-2", "key: (hidden)"]) expect(yaml).toContain(shown);
  });

  test("hides by place: env, keys of secrets, lists and numbers in them, userinfo and query of URLs", () => {
    const marker = "m4rker";
    const namespace = namespaceOn("a.js", {
      plugin: { env: { PGPASS: marker, MODE: marker } },
      config: {
        headers: { Authorization: `Bearer ${marker}`, "x-api-key": marker },
        urls: [`https://api/x?access_token=${marker}`, `postgres://ann:p@ss:${marker}@db/x`],
        note: `see redis://:${marker}@cache and postgres://u:${marker}/@db/x`,
        conninfo: `host=db password=${marker} user=ann`,
        tokens: [marker, { deep: marker }],
        pin_password: 1_234_567,
        session: { id: marker },
        args: `Authorization: Basic ${marker}`,
      },
    });

    const yaml = declarationYaml(namespace);

    expect(yaml).not.toContain(marker);
    expect(yaml).not.toContain("1234567");
    for (const shown of ["https://api/x", "@db/x", "host=db", "user=ann"]) expect(yaml).toContain(shown);
  });
});
