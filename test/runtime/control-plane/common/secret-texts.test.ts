import { expect, test } from "vitest";
import { secretTexts } from "../../../../src/runtime/control-plane/common/secret-texts.js";
import { namespaceOn } from "../supervised.js";

test("what came from a secret is hidden wherever it stands: whole, and without the literal around it", () => {
  const declared = namespaceOn("a.js", {
    config: { urls: ["https://ann:{{ secret:a }}@db"] },
    plugin: { env: { MODE: "{{ secret:b }}" } },
  });
  const resolved = namespaceOn("a.js", {
    config: { urls: ["https://ann:p@ss/1@db"] },
    plugin: { env: { MODE: "m0de" } },
  });

  const texts = secretTexts(declared, resolved);

  expect(texts.hide('failed for "p@ss/1" (p%40ss%2F1), m0de')).toBe(
    'failed for "(hidden)" ((hidden)), (hidden)',
  );
});

test("literals are hidden by place: credentials, the token, env, keys that sound like a secret, passwords of URLs", () => {
  const namespace = namespaceOn("a.js", {
    credentials: { username: "annabella", password: "cred" },
    plugin: { token: "t0ken", env: { PGPASS: "pgpw", REGION: "eu-central-7", LEVEL: "debug" } },
    config: {
      dsn: "postgres://ann:x%40y!z@db/x?sslmode=require&access_token=qt0k",
      tokens: ["listed", 12_345_678, { deep: "deeply" }],
      header: "Authorization: Bearer b3arer",
      mode: "verbosely",
    },
  });

  const texts = secretTexts(namespace, namespace);

  for (const hidden of ["cred", "t0ken", "pgpw", "eu-central-7", "x%40y!z", "x@y!z", "qt0k"])
    expect(texts.hide(`a ${hidden} b`)).toBe("a (hidden) b");
  for (const hidden of ["listed", "12345678", "deeply", "b3arer"])
    expect(texts.hide(`a ${hidden} b`)).toBe("a (hidden) b");
  for (const shown of ["annabella", "debug", "verbosely", "require", "ann", "db/x"])
    expect(texts.hide(`a ${shown} b`)).toBe(`a ${shown} b`);
});

test("what the plugin calls secret is hidden, once it has told where that is", () => {
  const namespace = namespaceOn("a.js", { config: { pins: { one: "m4rker", two: 4711 }, host: "db.local" } });

  const before = secretTexts(namespace, namespace);
  const after = secretTexts(namespace, namespace, ["pins.*"]);

  expect(before.hide("m4rker at db.local, 4711")).toBe("m4rker at db.local, 4711");
  expect(after.hide("m4rker at db.local, 4711")).toBe("(hidden) at db.local, (hidden)");
});
