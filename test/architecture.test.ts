import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** Who may import whom, as docs/architecture.md has it. A folder may always import itself. */
const walls: Readonly<Record<string, readonly string[]>> = {
  "src/wire": [],
  "src/protocol": [],
  "src/sdk": ["src/protocol", "src/wire"],
  "src/client": ["src/protocol", "src/wire"],
  "src/plugins": ["src/sdk"],
  "src/runtime/model": ["src/protocol"],
  "src/runtime/config": ["src/runtime/model", "src/protocol"],
  "src/runtime/channel": ["src/runtime/model", "src/sdk", "src/protocol", "src/wire"],
  "src/runtime/control-plane": [
    "src/runtime/channel",
    "src/runtime/config",
    "src/runtime/model",
    "src/protocol",
    "src/wire",
  ],
  "src/runtime/data-plane": ["src/runtime/model", "src/runtime/channel", "src/protocol", "src/wire"],
  "src/cli": ["src/client", "src/protocol"],
  "src/commands": ["src/cli"],
};
/** The rooms of the two planes from the top, as docs/architecture.md has them; "" = what lies in the plane's own folder. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  "src/runtime/data-plane": [
    ...["", "grpc-web", "http", "local", "call", "plan", "route", "entrance", "common"],
  ],
  "src/runtime/control-plane": [
    ...["admin", "", "namespaces", "supervisor", "proxies", "tls", "state", "common"],
  ],
};
/** The composition root knows every part, and `serve` alone starts it. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  "src/runtime/runtime.ts": Object.keys(walls),
  "src/runtime/index.ts": ["src/runtime"],
  "src/commands/serve.ts": ["src/cli", "src/runtime"],
};
/** What must not be in a model: it names things and does nothing. */
const acting = /^node:(fs|net|http|http2|child_process|worker_threads|cluster|tls|dgram)/;
/** The packages that speak a backend's protocol. */
const drivers = ["pg", "libsql"];
const commandLines = 60;

interface Source {
  readonly file: string;
  readonly text: string;
}

describe("the walls of the house", () => {
  test("every import keeps to the table, and an offender is named", async () => {
    expect((await sources()).flatMap(offences)).toEqual([]);
  });

  test.each([
    ["src/wire/frame.ts", "../protocol/index.js", "src/wire may import nothing of ours"],
    ["src/protocol/errors.ts", "../wire/index.js", "src/protocol may import nothing of ours"],
    ["src/sdk/serve.ts", "../runtime/model/log.js", "src/sdk may import src/protocol, src/wire"],
    ["src/client/index.ts", "../sdk/index.js", "src/client may import src/protocol, src/wire"],
    ["src/plugins/memory/index.ts", "../../protocol/index.js", "src/plugins may import src/sdk"],
    ["src/runtime/model/permit.ts", "../config/index.js", "src/runtime/model may import src/protocol"],
    [
      "src/runtime/config/index.ts",
      "../channel/index.js",
      "src/runtime/config may import src/runtime/model, src/protocol",
    ],
    [
      "src/runtime/channel/dial.ts",
      "../data-plane/index.js",
      "src/runtime/channel may import src/runtime/model, src/sdk, src/protocol, src/wire",
    ],
    [
      "src/runtime/control-plane/supervisor/reload.ts",
      "../../data-plane/index.js",
      "src/runtime/control-plane may import src/runtime/channel, src/runtime/config, src/runtime/model, src/protocol, src/wire",
    ],
    [
      "src/runtime/data-plane/route/routes.ts",
      "../../control-plane/supervisor/reload.js",
      "src/runtime/data-plane may import src/runtime/model, src/runtime/channel, src/protocol, src/wire",
    ],
    ["src/cli/table.ts", "../wire/index.js", "src/cli may import src/client, src/protocol"],
    ["src/commands/call.ts", "../runtime/index.js", "src/commands may import src/cli"],
  ])("%s is named, with its line, where it imports %s", (file, specifier, rule) => {
    const target = join(dirname(file), specifier).replace(/\.js$/, ".ts");

    const told = offences({ file, text: `\nimport { x } from "${specifier}";\n` });

    expect(told).toEqual([`${file}:2 imports ${target}: ${rule}`]);
  });

  test.each([
    'import type { x } from "../wire/index.js";',
    'export { x } from "../wire/index.js";',
    'const x = await import("../wire/index.js");',
    'type X = import("../wire/index.js").X;',
  ])("no way of importing climbs a wall unseen: %s", (text) => {
    expect(offences({ file: "src/cli/table.ts", text })).toHaveLength(1);
  });

  test("a plugin knows no other plugin, and only plugins know a backend's driver", async () => {
    const neighbour = { file: "src/plugins/memory/index.ts", text: 'import "../sqlite/index.js";' };
    const driver = { file: "src/runtime/config/index.ts", text: 'import pg from "pg";' };

    expect(strangersIn(neighbour)).toEqual([
      "src/plugins/memory/index.ts:1 imports src/plugins/sqlite/index.ts: a plugin knows no other",
    ]);
    expect(strangersIn(driver)).toEqual([
      "src/runtime/config/index.ts:1 imports pg: only a plugin knows its backend's driver",
    ]);
    expect((await sources()).flatMap(strangersIn)).toEqual([]);
  });

  test("the model imports nothing that acts", async () => {
    const offender = { file: "src/runtime/model/x.ts", text: 'import { readFile } from "node:fs/promises";' };

    expect(actsIn(offender)).toEqual(["src/runtime/model/x.ts:1 imports node:fs/promises, which acts"]);
    expect((await sources()).flatMap(actsIn)).toEqual([]);
  });

  test("no two files import each other in a circle, types too", async () => {
    const circle = [
      { file: "src/wire/error-code.ts", text: 'import type { Refusal } from "./refusal.js";' },
      { file: "src/wire/refusal.ts", text: 'export { Limits } from "./limits.js";' },
      { file: "src/wire/limits.ts", text: 'import { ErrorCode } from "./error-code.js";' },
    ];

    expect(circlesIn(circle)).toEqual([
      "src/wire/error-code.ts → src/wire/refusal.ts → src/wire/limits.ts → src/wire/error-code.ts: give what they share a file below them",
    ]);
    expect(circlesIn([...(await sources()), ...(await sources("bench"))])).toEqual([]);
  });

  test("a room of a plane imports only rooms below it, and every room stands in docs/architecture.md", async () => {
    const offender = {
      file: "src/runtime/data-plane/route/routes.ts",
      text: 'import type { CallPlan } from "../plan/plan.js";',
    };

    expect(climbsIn(offender)).toEqual([
      "src/runtime/data-plane/route/routes.ts:1 imports src/runtime/data-plane/plan/plan.ts: plan lies above route",
    ]);
    expect((await sources()).flatMap(climbsIn)).toEqual([]);
    const page = await readFile(join(root, "docs/architecture.md"), "utf8");
    const all = Object.values(rooms)
      .flat()
      .filter((room) => room !== "");
    expect(all.filter((room) => !page.includes(`| \`${room}\` |`))).toEqual([]);
  });

  test("every folder of the source stands in docs/architecture.md", async () => {
    const page = await readFile(join(root, "docs/architecture.md"), "utf8");

    const folders = new Set(
      (await sources()).map(({ file }) => folderOf(file)).filter((folder) => folder !== "src/runtime"),
    );

    expect([...folders].filter((folder) => !page.includes(`| \`${folder}\` |`))).toEqual([]);
    expect(Object.keys(walls).toSorted()).toEqual([...folders].toSorted());
  });

  test("only one file knows where it lies: the built code lies elsewhere, in bundles", async () => {
    const knowing = (await sources()).filter(({ text }) => text.includes("import.meta.url"));

    expect(knowing.map(({ file }) => file).toSorted()).toEqual([
      // Its TypeScript loader is found from wherever it is.
      "src/runtime/control-plane/proxies/forked-proxy.ts",
      "src/runtime/model/installed.ts",
      // Whether it is source, which has no dist/ for its proxies.
      "src/runtime/runtime.ts",
    ]);
  });

  test(`a command parses, asks and prints within ${commandLines} lines`, async () => {
    const offender = { file: "src/commands/call.ts", text: "\n".repeat(commandLines + 1) };

    expect(tooLong(offender)).toEqual(["src/commands/call.ts has 61 lines"]);
    expect((await sources()).flatMap(tooLong)).toEqual([]);
  });
});

function offences(source: Source): string[] {
  const { file } = source;
  const folder = folderOf(file);
  const allowed = exceptions[file] ?? walls[folder] ?? [];
  return importsOf(source).flatMap(({ specifier, line }) => {
    if (!specifier.startsWith(".")) return [];
    const target = targetOf(file, specifier);
    if (within(target, folder) || allowed.some((wall) => within(target, wall))) return [];
    return [
      `${file}:${line} imports ${target}: ${folder} may import ${allowed.join(", ") || "nothing of ours"}`,
    ];
  });
}

function actsIn(source: Source): string[] {
  if (!source.file.startsWith("src/runtime/model/")) return [];
  return importsOf(source)
    .filter(({ specifier }) => acting.test(specifier))
    .map(({ specifier, line }) => `${source.file}:${line} imports ${specifier}, which acts`);
}

function strangersIn(source: Source): string[] {
  const { file } = source;
  const plugin = /^src\/plugins\/[^/]+\//.exec(file)?.[0];
  return importsOf(source).flatMap(({ specifier, line }) => {
    const target = specifier.startsWith(".") ? targetOf(file, specifier) : specifier;
    const told = `${file}:${line} imports ${target}`;
    if (!plugin && drivers.includes(target)) return [`${told}: only a plugin knows its backend's driver`];
    if (plugin && target.startsWith("src/plugins/") && !target.startsWith(plugin))
      return [`${told}: a plugin knows no other`];
    return [];
  });
}

/** Imports of a plane's room that lies above, or that has no place in the table. */
function climbsIn(source: Source): string[] {
  const { file } = source;
  const plane = Object.keys(rooms).find((folder) => within(file, folder));
  if (plane === undefined) return [];
  const order = rooms[plane] ?? [];
  const from = roomOf(file, plane);
  if (!order.includes(from)) return [`${file} lies in no room of ${plane}`];
  return importsOf(source).flatMap(({ specifier, line }) => {
    const target = specifier.startsWith(".") ? targetOf(file, specifier) : "";
    if (!within(target, plane)) return [];
    const to = roomOf(target, plane);
    if (order.indexOf(to) >= order.indexOf(from)) return [];
    return [`${file}:${line} imports ${target}: ${to || plane} lies above ${from || plane}`];
  });
}

function roomOf(file: string, plane: string): string {
  const [room = "", ...rest] = file.slice(plane.length + 1).split("/");
  return rest.length === 0 ? "" : room;
}

/** At least one circle of those that hang together. */
function circlesIn(files: readonly Source[]): string[] {
  const imports = new Map(files.map((source) => [source.file, ownFilesIn(source)]));
  const seen = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [`${[...path.slice(at), file].join(" → ")}: give what they share a file below them`];
    if (seen.has(file)) return [];
    seen.add(file);
    return (imports.get(file) ?? []).flatMap((target) => visit(target, [...path, file]));
  };
  return files.flatMap(({ file }) => visit(file, []));
}

function ownFilesIn(source: Source): string[] {
  const specifiers = importsOf(source).map(({ specifier }) => specifier);
  return specifiers.filter((name) => name.startsWith(".")).map((name) => targetOf(source.file, name));
}

function tooLong({ file, text }: Source): string[] {
  const lines = text.split("\n").length - 1;
  return file.startsWith("src/commands/") && lines > commandLines ? [`${file} has ${lines} lines`] : [];
}

function targetOf(file: string, specifier: string): string {
  return relative(root, join(root, dirname(file), specifier)).replace(/\.js$/, ".ts");
}

function importsOf({ file, text }: Source): { specifier: string; line: number }[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: { specifier: string; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier)
      found.push({
        specifier: specifier.text,
        line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1,
      });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Of an import, an export from elsewhere, a dynamic import, or a type's. */
function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const specifier = specifierNode(node);
  return specifier && ts.isStringLiteralLike(specifier) ? specifier : undefined;
}

function specifierNode(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? node.arguments[0] : undefined;
}

function folderOf(file: string): string {
  const [src = "", first = "", second = ""] = file.split("/");
  if (first !== "runtime") return `${src}/${first}`;
  return second.endsWith(".ts") ? "src/runtime" : `${src}/${first}/${second}`;
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function sources(folder = "src"): Promise<Source[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts") && !name.startsWith("protocol/gen/"));
  return Promise.all(
    files.map(async (name) => ({
      file: `${folder}/${name}`,
      text: await readFile(join(root, folder, name), "utf8"),
    })),
  );
}
