import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { treeOf } from "../../bench/subjects/processes.js";
import { servePrism, until } from "../support/running-prism.js";
import { runProgram } from "../support/run-program.js";
import { temporaryDirectory } from "../support/temporary.js";

const root = new URL("../..", import.meta.url).pathname;
const run = promisify(execFile);
const mostIdleMiB = 110;

/** What a package of Prism holds, in a directory of its own where no other package is found. */
async function installedAlone(): Promise<string> {
  const directory = await temporaryDirectory();
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  for (const { path } of packed?.files ?? []) await cp(join(root, path), join(directory, path));
  return directory;
}

test("a packed Prism serves and is asked without any other package, from its own few files", async () => {
  const directory = await installedAlone();
  const program = join(directory, "bin/run.js");
  const prism = await servePrism({ program, yaml: "namespaces: [{ name: default, backend: memory }]\n" });
  try {
    const env = { PRISM_ADDRESS: prism.address, PRISM_ADMIN: prism.admin };
    const at = { env, program, input: "" };

    const written = await runProgram(["call", "default", "set", "--key=k", "--value=v"], at);
    const listed = await runProgram(["ns", "list", "--no-header"], at);
    const version = await runProgram(["--version"], at);
    const help = await runProgram(["ns", "list", "--help"], at);

    expect(written).toMatchObject({ code: 0, stdout: "{}\n", stderr: "" });
    expect(listed.stdout).toContain("default\tmemory\tsidecar");
    expect(version.stdout).toContain("prism/");
    expect(help.stdout).toContain("--no-header");
  } finally {
    await prism.stop();
  }
});

const made = `({ name: "refuses", version: "1.0.0", config: sdk.z.strictObject({}), open: () => ({ operations: { refuse: sdk.unary({ request: "bytes", response: "bytes", run }) } }) })`;
const failing = `const run = () => { throw new sdk.PluginError(sdk.Code.OUT_OF_RANGE, "beyond the end"); };`;

test.each([
  ["plugin.mjs", `import * as sdk from "prism/sdk"; ${failing} export default sdk.definePlugin${made};`],
  [
    "plugin.cjs",
    `Object.defineProperty(exports, "__esModule", { value: true }); const sdk = require("prism/sdk"); ${failing} exports.default = sdk.definePlugin${made};`,
  ],
  ["bare.cjs", `const sdk = require("prism/sdk"); ${failing} module.exports = sdk.definePlugin${made};`],
])(
  "a %s that has Prism for a package finds the SDK and shares its errors with the host",
  async (name, plugin) => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "node_modules"));
    await run("ln", ["-s", root, join(directory, "node_modules/prism")]);
    await writeFile(join(directory, name), plugin);
    const library = JSON.stringify(join(directory, name));
    const prism = await servePrism({
      yaml: `namespaces: [{ name: default, backend: refuses, plugin: { library: ${library} } }]\n`,
    });
    try {
      const env = { PRISM_ADDRESS: prism.address };
      const refused = await runProgram(["call", "default", "refuse", "--json"], { env, input: "" });

      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 11, message: "beyond the end" } });
    } finally {
      await prism.stop();
    }
  },
);

test("bin/dev.js runs the same commands from source", async () => {
  const nobody = "unix:/nowhere";
  const asked = await run(join(root, "bin/dev.js"), ["ns", "list", "--admin", nobody]).catch(
    (reason: unknown) => reason,
  );

  expect(asked).toMatchObject({ code: 3, stdout: "" });
  expect(asked).toMatchObject({ stderr: expect.stringContaining("no Prism answers") as unknown });
});

test.each(["prism.cjs", "runtime.cjs"])(
  "what the build compiled of %s is taken, not compiled again",
  async (name) => {
    const loader = JSON.stringify(join(root, "bin/load-bundle.js"));
    const program = `
    import { loadBundle } from ${loader};
    loadBundle(${JSON.stringify(name)}, ({ cachedDataRejected }) => console.log(cachedDataRejected));
  `;

    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program]);

    expect(stdout.trim()).toBe("false");
  },
);

test(`all processes of an idle Prism with one memory namespace take at most ${mostIdleMiB} MiB`, async () => {
  const prism = await servePrism({ yaml: "namespaces: [{ name: default, backend: memory }]\n" });
  try {
    const processes = treeOf(prism.child.pid ?? 0);
    let least = Infinity;
    await until(`at most ${mostIdleMiB} MiB to be used`, () => {
      const all = [...processes.proportionalBytes().values()].reduce((sum, each) => sum + each, 0);
      least = Math.min(least, all);
      return least <= mostIdleMiB * 2 ** 20;
    });

    expect(least).toBeGreaterThan(0);
  } finally {
    await prism.stop();
  }
});
