import { expect, test } from "vitest";
import { loadYaml, problemsOf } from "./load-yaml.js";

const namespace = (config: string): string =>
  `namespaces:\n  - name: a\n    backend: memory\n    config: ${config}\n`;

test.each([
  ["9007199254740991", 9007199254740991],
  ["-9007199254740991", -9007199254740991],
  ["0o17", 15],
  ["0x1F", 31],
  ["+5", 5],
  [".5", 0.5],
  ["0.1", 0.1],
  ["0.30000000000000004", 0.30000000000000004],
  ["1.5e3", 1500],
  ["0.0", 0],
  ['"9007199254740993"', "9007199254740993"],
  ['"\\ud83d\\ude00"', "\u{1f600}"],
])("a plugin's config has %s exactly", async (written, value) => {
  const { namespaces } = await loadYaml(namespace(`{ x: ${written} }`));

  expect(namespaces[0]?.config).toEqual({ x: value });
});

test.each([
  "9007199254740992",
  "9007199254740993",
  "9223372036854775807",
  "1234567890123456789",
  "0xFFFFFFFFFFFFFFFF",
  "1e400",
  "-1e400",
  "1e-400",
  "0.1234567890123456789",
  "9007199254740993.5",
  "123456789012345678e-5",
  ".inf",
  "-.inf",
  ".nan",
])("a number that a double does not hold is refused with its place: %s", async (written) => {
  expect(await problemsOf(namespace(`{ x: ${written} }`))).toEqual([
    "prism.yaml:4:18 namespaces.0.config.x: a number that cannot be kept exactly; put it in quotes",
  ]);
});

test.each([
  ["{ x: 010 }", "4:18 namespaces.0.config.x: a number that begins with 0 is octal to some readers"],
  ["{ x: 1, x: 2 }", "4:21 namespaces.0.config.x: stands twice, first in line 4"],
  ['{ "x": 1, x: 2 }', "4:23 namespaces.0.config.x: stands twice, first in line 4"],
  ['{ 1: 1, "1": 2 }', "4:21 namespaces.0.config.1: stands twice, first in line 4"],
  ["{ <<: { y: 1 } }", "4:15 namespaces.0.config.<<: merge keys are not read"],
  ['{ x: "\\ud800" }', "4:18 namespaces.0.config.x: half of a character"],
  ['{ "\\udc00": 1 }', "4:15 namespaces.0.config: half of a character"],
])("what can be read in two ways, or not at all, is refused: %s", async (config, told) => {
  const [problem] = await problemsOf(namespace(config));

  expect(problem).toContain(`prism.yaml:${told}`);
});

test("JSON is held to the same", async () => {
  const json = (more: string): string =>
    `{"namespaces": [{"name": "a", "backend": "memory", "config": {"x": 1${more}}}]}`;

  expect((await loadYaml(json(""))).namespaces[0]?.config).toEqual({ x: 1 });
  expect(await problemsOf(json(', "x": 2'))).toEqual([
    "prism.yaml:1:71 namespaces.0.config.x: stands twice, first in line 1",
  ]);
  expect(await problemsOf(json(', "y": 9007199254740993'))).toEqual([
    "prism.yaml:1:76 namespaces.0.config.y: a number that cannot be kept exactly; put it in quotes",
  ]);
});

test("another version of YAML, in which the same text means something else, is refused", async () => {
  expect(await problemsOf(`%YAML 1.1\n---\n${namespace("{ x: yes }")}`)).toEqual([
    "prism.yaml:1:1 expected YAML 1.2, got another version, in which yes and 010 mean something else; remove %YAML",
  ]);
});
