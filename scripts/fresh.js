// `npm run fresh`: are the generated files what their sources generate? Names the stale ones; --write refreshes them.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commandList, withCommandList } from "./command-list.js";
import { root } from "./install.js";
import { filesIn } from "./source-hash.js";

const scratch = ".cache/fresh";
const generated = "src/protocol/gen";

const { status } = spawnSync(process.execPath, ["scripts/build.js", "--keep-manifest"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const { makeManifest, manifestFile } = await import("./manifest.js");
const manifest = await makeManifest();
const wanted = new Map([
  ...generateProtocol(),
  [manifestFile, manifest],
  ["README.md", withCommandList(read("README.md") ?? "", commandList(JSON.parse(manifest)))],
]);
const stale = [...wanted].filter(([file, text]) => read(file) !== text).map(([file]) => file);
const left = filesIn(generated).filter((file) => !wanted.has(file));

if (process.argv.includes("--write")) refresh();
else complain();

function generateProtocol() {
  rmSync(join(root, scratch), { recursive: true, force: true });
  const buf = join(root, "node_modules/.bin/buf");
  execFileSync(buf, ["generate", "--output", scratch], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
  });
  const files = filesIn(`${scratch}/${generated}`);
  return files.map((file) => [file.slice(scratch.length + 1), read(file)]);
}

function refresh() {
  for (const file of left) rmSync(join(root, file));
  for (const file of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), wanted.get(file));
  }
  for (const file of [...stale, ...left]) console.log(`refreshed ${file}`);
}

function complain() {
  for (const file of stale) console.error(`${file}: stale: its source says otherwise`);
  for (const file of left) console.error(`${file}: stale: nothing generates it any more`);
  if (stale.length + left.length === 0) return;
  console.error("Run `npm run fresh -- --write` and commit what it changes.");
  process.exitCode = 1;
}

function read(file) {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : undefined;
}
