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
  ],
  "src/runtime/data-plane": ["src/runtime/model", "src/runtime/channel", "src/protocol", "src/wire"],
  "src/cli": ["src/client", "src/protocol"],
  "src/commands": ["src/cli"],
};
/** The composition root knows every part, and `serve` alone starts it. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  "src/runtime/runtime.ts": Object.keys(walls),
  "src/runtime/index.ts": ["src/runtime"],
  "src/commands/serve.ts": ["src/cli", "src/runtime"],
};
/** What must not be in a model: it names things and does nothing. */
const acting = /^node:(fs|net|http|http2|child_process|worker_threads|cluster|tls|dgram)/;
const commandLines = 60;

interface Source {
  readonly file: string;
  readonly text: string;
}

describe("the walls of the house", () => {
  test("every import keeps to the table, and an offender is named", async () => {
    expect((await sources()).flatMap(offences)).toEqual([]);
  });

  test("a file that climbs a wall is named with its line, and with what it may import", () => {
    const offender = { file: "src/cli/table.ts", text: '\nimport { x } from "../wire/index.js";\n' };

    expect(offences(offender)).toEqual([
      "src/cli/table.ts:2 imports src/wire/index.ts: src/cli may import src/client, src/protocol",
    ]);
  });

  test("a built-in plugin that reaches past the SDK is named", () => {
    const offender = { file: "src/plugins/memory/index.ts", text: 'import "../../protocol/index.js";' };

    expect(offences(offender)).toEqual([
      "src/plugins/memory/index.ts:1 imports src/protocol/index.ts: src/plugins may import src/sdk",
    ]);
  });

  test("the model imports nothing that acts", async () => {
    const offender = { file: "src/runtime/model/x.ts", text: 'import { readFile } from "node:fs/promises";' };

    expect(actsIn(offender)).toEqual(["src/runtime/model/x.ts:1 imports node:fs/promises, which acts"]);
    expect((await sources()).flatMap(actsIn)).toEqual([]);
  });

  test("every folder of the source stands in docs/architecture.md", async () => {
    const page = await readFile(join(root, "docs/architecture.md"), "utf8");

    const folders = new Set(
      (await sources()).map(({ file }) => folderOf(file)).filter((folder) => folder !== "src/runtime"),
    );

    expect([...folders].filter((folder) => !page.includes(`| \`${folder}\` |`))).toEqual([]);
    expect(Object.keys(walls).toSorted()).toEqual([...folders].toSorted());
  });

  test(`a command parses, asks and prints within ${commandLines} lines`, async () => {
    const long = (await sources()).filter(
      ({ file, text }) => file.startsWith("src/commands/") && text.split("\n").length > commandLines + 1,
    );

    expect(long.map(({ file }) => file)).toEqual([]);
  });
});

function offences(source: Source): string[] {
  const { file } = source;
  const folder = folderOf(file);
  const allowed = exceptions[file] ?? walls[folder] ?? [];
  return importsOf(source).flatMap(({ specifier, line }) => {
    if (!specifier.startsWith(".")) return [];
    const target = relative(root, join(root, dirname(file), specifier)).replace(/\.js$/, ".ts");
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

/** Of an import, an export from elsewhere, or a dynamic import. */
function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const specifier =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : undefined;
  return specifier && ts.isStringLiteralLike(specifier) ? specifier : undefined;
}

function folderOf(file: string): string {
  const [src = "", first = "", second = ""] = file.split("/");
  if (first !== "runtime") return `${src}/${first}`;
  return second.endsWith(".ts") ? "src/runtime" : `${src}/${first}/${second}`;
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function sources(): Promise<Source[]> {
  const names = await readdir(join(root, "src"), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts") && !name.startsWith("protocol/gen/"));
  return Promise.all(
    files.map(async (name) => ({
      file: `src/${name}`,
      text: await readFile(join(root, "src", name), "utf8"),
    })),
  );
}
