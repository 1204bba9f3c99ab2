import { expect, test } from "vitest";
import { parseNamespaces, splitNamespaces } from "../../../src/runtime/config/index.js";

const origin = {
  source: "orders.yaml",
  env: { PATH: "/nowhere/bin" },
  cwd: "/srv",
  plugins: [{ name: "ours", code: { kind: "attached", socket: "/run/ours.sock" } }],
} as const;

test("namespaces to apply are read as prism.yaml's are, and belong to who applied them", () => {
  const namespaces = parseNamespaces(
    "namespaces:\n  - { name: a, backend: memory }\n  - { name: b, backend: ours }\n",
    origin,
  );

  expect(namespaces.map(({ name, owner, plugin }) => [name, owner.kind, plugin.code.kind])).toEqual([
    ["a", "applied", "module"],
    ["b", "applied", "attached"],
  ]);
});

test("only namespaces can be applied", () => {
  const apply = (): unknown => parseNamespaces("server: { proxies: 2 }\nnamespaces: []\n", origin);

  expect(apply).toThrow("orders.yaml:1:1 server: unknown key; known: namespaces");
});

test("a text without namespaces applies nothing, and says so", () => {
  expect(() => parseNamespaces("", origin)).toThrow("orders.yaml:1:1 expected a mapping, got nothing");
  expect(() => parseNamespaces("{}", origin)).toThrow("namespaces: expected a list, got nothing");
});

test("problems of a text to apply carry the name it was given, and their places", () => {
  const apply = (): unknown =>
    parseNamespaces("namespaces:\n  - name: A\n    backend: ours\n    deadline: 5s\n", origin);

  expect(apply).toThrow(
    "orders.yaml:2:11 namespaces.0.name: expected a name of a-z, 0-9 and '-', at most 63, beginning with a letter, got \"A\"\n" +
      "orders.yaml:4:5 namespaces.0.deadline: unknown key; did you mean deadline_ms?",
  );
});

test("each namespace of an applied text can be kept as a text of its own", () => {
  const yaml = `
namespaces:
  - name: a
    backend: memory
    config: &shared { size: "007", note: "{{ secret:x }}" }
  - name: b
    backend: memory
    config: *shared
`;

  const texts = splitNamespaces(yaml);

  const anew = texts.flatMap((text) => parseNamespaces(text, origin));
  expect(anew).toEqual(parseNamespaces(yaml, origin));
});

test("what is shown in place of a secret is not taken for one, wherever it may stand", () => {
  const apply = (): unknown =>
    parseNamespaces(
      "namespaces:\n" +
        "  - name: a\n" +
        "    backend: ours\n" +
        "    config: { password: (hidden), url: 'postgres://me:(hidden)@db/x', note: 'is (hidden)' }\n",
      origin,
    );

  const got = "expected a secret, got the (hidden) that is shown in its place: write {{ secret:name }}";
  expect(apply).toThrow(
    new RegExp(
      `^orders\\.yaml:4:25 namespaces\\.0\\.config\\.password: ${literal(got)}.*\\n` +
        `orders\\.yaml:4:40 namespaces\\.0\\.config\\.url: ${literal(got)}[^\\n]*$`,
    ),
  );
});

function literal(text: string): string {
  return text.replace(/[(){}.]/g, "\\$&");
}
