// What runs of src/: few files, with the packages they use in them, so that a process loads little and soon.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./install.js";
import { filesIn } from "./source-hash.js";

/** What both kinds of bundle share. Names and lines stay, so that a stack can be read: docs/adr/0008. */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  outdir: "dist",
  outbase: "src",
  // The native part of libsql lies in a package of its own; the others are only looked for, and are not there.
  external: ["libsql", "pg-native", "ts-node", "tsx", "typescript"],
};

/** What one file is built with, where there is no directory of them. */
const alone = { outdir: undefined, outbase: undefined };

/** Builds everything that runs into dist/. Resolves with the files that it wrote, as paths from the checkout. */
export async function bundle() {
  const written = await Promise.all([modules(), signals(), program(), runtime()]);
  return written.flat();
}

/** What others import, and what runs as a process of its own: ES modules that share their parts, and so the SDK's classes. */
async function modules() {
  const plugins = filesIn("src/plugins").filter((file) => /^src\/plugins\/[^/]+\/index\.ts$/.test(file));
  const { metafile } = await build({
    ...common,
    entryPoints: [
      "src/sdk/index.ts",
      "src/sdk/host.ts",
      "src/client/index.ts",
      "src/runtime/data-plane/main.ts",
      "src/runtime/config/reading-thread.ts",
      ...plugins,
    ],
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    plugins: [withoutLocales],
  });
  return Object.keys(metafile.outputs);
}

/** What stands before anything else is loaded. A file of its own, which Node.js loads once for whoever asks. */
async function signals() {
  const outfile = "dist/stop-signals.cjs";
  await build({ ...common, ...alone, outfile, entryPoints: ["src/cli/stop-signals.ts"], format: "cjs" });
  return [outfile];
}

/** The command line. Its commands are a table of loaders by their ids. */
function program() {
  const commands = filesIn("src/commands").map((file) => {
    const id = file.replace(/^src\/commands\/|\.ts$/g, "").replaceAll("/", ":");
    return `  ${JSON.stringify(id)}: () => import("./${file}"),`;
  });
  const contents = [
    'export { runProgram } from "./src/cli/program.js";',
    `export const commands = {\n${commands.join("\n")}\n};`,
  ].join("\n");
  const apart = {
    name: "bundles of their own",
    setup({ onResolve }) {
      onResolve({ filter: /\/runtime\/index\.js$/ }, () => ({ path: "./runtime.cjs", external: true }));
      onResolve({ filter: /\/stop-signals\.js$/ }, () => ({ path: "./stop-signals.cjs", external: true }));
    },
  };
  return script("dist/prism.cjs", {
    stdin: { contents, resolveDir: root, sourcefile: "program.js" },
    external: [...common.external, "listr2"],
    plugins: [apart],
    // What oclif would load for it says what npm says: package.json has `engines`.
    define: { "process.env.OCLIF_DISABLE_ENGINE_WARNING": '"true"' },
  });
}

/** What `prism serve` runs in its own process. */
function runtime() {
  return script("dist/runtime.cjs", { entryPoints: ["src/runtime/index.ts"], plugins: [withoutLocales] });
}

/** One CommonJS file that bin/load-bundle.js can load from V8's code cache: it imports by what its loader lends it. */
async function script(file, options) {
  const { outputFiles } = await build({
    ...common,
    ...options,
    ...alone,
    outfile: file,
    format: "cjs",
    define: { ...options.define, "import.meta.url": "moduleUrl" },
    write: false,
  });
  const text = outputFiles[0].text.replace(/\bimport\((?=[^)])/g, "importModule(");
  const id = createHash("sha256").update(text).digest("hex").slice(0, 16);
  writeFileSync(join(root, file), `${text}//# ${id}`);
  return [file];
}

/** zod says its errors in 40 languages; what Prism says is English. They are 300 KB in every process. */
const withoutLocales = {
  name: "English only",
  setup({ onLoad }) {
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: join(path, ".."),
    }));
  },
};
