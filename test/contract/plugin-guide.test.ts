import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, describe, expect, test } from "vitest";
import type { StreamResponse } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { describePlugin } from "./describe-plugin.js";
import { launchPlugin } from "./support/launched-plugin.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const guide = readFileSync(join(root, "docs/plugin-guide.md"), "utf8");

mkdirSync(join(root, ".cache"), { recursive: true });
const directory = mkdtempSync(join(root, ".cache", "guide-"));
const module = join(directory, "greeter.ts");
writeFileSync(module, example().replace(`"prism/sdk"`, `"../../src/sdk/index.js"`));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The guide's first plugin, as it stands there. */
function example(): string {
  const [, code] = /```ts\n(import [\s\S]*?)```/.exec(guide) ?? [];
  if (!code) throw new Error("docs/plugin-guide.md shows no plugin that begins with its imports");
  return code;
}

describe("the guide's plugin", () => {
  test("compiles as strictly as Prism itself", () => {
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
      config: unknown;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

    const problems = ts.getPreEmitDiagnostics(ts.createProgram([module], options));

    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });

  test("becomes a module that greets, by the guide's own command", async () => {
    const own = join(directory, "own");
    mkdirSync(own);
    writeFileSync(join(own, "greeter.ts"), example());
    const [command = ""] = /^npx tsc greeter\.ts .*$/m.exec(guide) ?? [];

    execFileSync("sh", ["-c", command], { cwd: own });
    await using greeter = await launchPlugin({ module: join(own, "greeter.js"), home: "process" });
    await greeter.client.initialize("hello", {});
    const params = { case: "rawParams" as const, value: Buffer.from("Ann") };
    const { message } = await greeter.client.execute({ operation: "greet", params }, { namespace: "hello" });

    expect(Buffer.from(message.result.value as Uint8Array).toString()).toBe("Hello, Ann!");
  });

  test("greets, and greets all", async () => {
    await using greeter = await launchPlugin({ module, home: "process" });
    await greeter.client.initialize("hello", { greeting: "Welcome" });
    const name = { case: "rawParams" as const, value: Buffer.from("Ann") };

    const { message } = await greeter.client.execute(
      { operation: "greet", params: name },
      { namespace: "hello" },
    );
    const stream = greeter.client.stream({ namespace: "hello" });
    stream.write({ operation: "greet_all", params: name });
    stream.end({ params: { case: "rawParams", value: Buffer.from("Bob") } });
    const greetings: string[] = [];
    for await (const { result } of stream as AsyncIterable<StreamResponse>)
      if (result.case === "rawResult") greetings.push(String(Buffer.from(result.value)));

    expect(message.result.case === "rawResult" && String(Buffer.from(message.result.value))).toBe(
      "Welcome, Ann!",
    );
    expect(greetings).toEqual(["Welcome, Ann!", "Welcome, Bob!"]);
  });
});

describePlugin("the guide's plugin", {
  module,
  config: () => ({}),
  bad: { config: { greeting: "", max_keys: -1 }, says: [/config\.greeting/, /config\.max_keys/] },
});
