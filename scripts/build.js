// `npm run build`: src/ becomes dist/, and oclif.manifest.json follows. Does nothing when nothing has changed. dist/ then has
// the bundles that run (scripts/bundle.js), V8's cache of those that start (scripts/code-cache.js), and types.
// --keep-manifest leaves the manifest as it is checked in, so that `npm test` can tell that it is stale.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.js";
import { root } from "./install.js";
import { filesIn, sourceHash } from "./source-hash.js";

const builders = ["scripts/build.js", "scripts/bundle.js", "scripts/code-cache.js", "bin/load-bundle.js"];
const stamps = { built: "dist/.built", manifest: "dist/.manifest" };

await compile();
if (!process.argv.includes("--keep-manifest")) await refreshManifest();

async function compile() {
  const hash = sourceHash([
    ...["src", "package-lock.json", "tsconfig.json", "tsconfig.build.json"],
    ...builders,
  ]);
  if (read(stamps.built) === hash) return;
  console.log("prism: building …");
  rmSync(join(root, stamps.built), { force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  removeOrphans(await bundle());
  cacheCode();
  chmodSync(join(root, "bin/run.js"), 0o755);
  chmodSync(join(root, "bin/dev.js"), 0o755);
  stamp(stamps.built, hash);
}

// What was built from a source that is gone, or by an earlier build, would live on.
function removeOrphans(bundles) {
  const types = filesIn("src").map((file) => file.replace(/^src/, "dist").replace(/\.ts$/, ".d.ts"));
  const kept = new Set([...types, ...bundles, ...Object.values(stamps), "dist/.tsbuildinfo"]);
  for (const file of filesIn("dist")) if (!kept.has(file)) rmSync(join(root, file));
}

/** Runs the commands that matter, against nobody; without its cache a command only starts later. */
function cacheCode() {
  const nobody = `unix:${join(root, "dist/nobody")}`;
  const runs = [
    ["status", "--admin", nobody],
    ["call", "default", "get", "--key=k", "--address", nobody],
    ["serve", "--config", nobody],
  ];
  for (const run of runs)
    spawnSync(process.execPath, [join(root, "scripts/code-cache.js"), ...run], {
      cwd: root,
      stdio: "ignore",
      timeout: 30_000,
    });
}

async function refreshManifest() {
  const hash = sourceHash(["src/commands", "src/cli", "package.json", "oclif.manifest.json"]);
  if (read(stamps.manifest) === hash) return;
  const { makeManifest, manifestFile } = await import("./manifest.js");
  const manifest = await makeManifest();
  if (read(manifestFile) !== manifest) writeFileSync(join(root, manifestFile), manifest);
  stamp(stamps.manifest, sourceHash(["src/commands", "src/cli", "package.json", "oclif.manifest.json"]));
}

function read(file) {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch (reason) {
    if (reason.code === "ENOENT") return undefined;
    throw reason;
  }
}

function stamp(file, hash) {
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, file), hash);
}
