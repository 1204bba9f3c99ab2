// `npm run build`: src/ becomes dist/, and oclif.manifest.json follows. Does nothing when nothing has changed.
// --keep-manifest leaves the manifest as it is checked in, so that `npm test` can tell that it is stale.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./install.js";
import { filesIn, sourceHash } from "./source-hash.js";

const stamps = { built: "dist/.built", manifest: "dist/.manifest" };

compile();
if (!process.argv.includes("--keep-manifest")) await refreshManifest();

function compile() {
  const hash = sourceHash(["src", "package-lock.json", "tsconfig.json", "tsconfig.build.json"]);
  if (read(stamps.built) === hash) return;
  console.log("prism: building …");
  rmSync(join(root, stamps.built), { force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  removeOrphans();
  chmodSync(join(root, "bin/run.js"), 0o755);
  chmodSync(join(root, "bin/dev.js"), 0o755);
  stamp(stamps.built, hash);
}

// What was built from a source that is gone would live on as a command or a module.
function removeOrphans() {
  const sources = new Set(filesIn("src").map((file) => file.replace(/^src/, "dist").replace(/\.ts$/, "")));
  for (const file of filesIn("dist")) {
    const source = file.replace(/(\.d\.ts|\.js|\.js\.map)$/, "");
    if (source !== file && !sources.has(source)) rmSync(join(root, file));
  }
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
