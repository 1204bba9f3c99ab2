import { build } from "esbuild";

const root = new URL("../..", import.meta.url).pathname;

/** A program that stands in the root, with all that it imports, as one module for browsers. */
export async function bundledPage(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root, sourcefile: "page.ts", loader: "ts" },
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}
