import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Script } from "node:vm";

const dist = new URL("../dist/", import.meta.url);
const around = [
  "(function (exports, require, module, __filename, __dirname, moduleUrl, importModule) {",
  "\n})",
];

/**
 * Loads a bundle of dist/, compiled already where the cache beside it was made by this very V8. Such code cannot import
 * by itself (V8 forgets who it was), so it is lent a way to. `onScript` hears of the compiled script and where its cache belongs.
 */
export function loadBundle(name, onScript = () => undefined) {
  const url = new URL(name, dist);
  const file = fileURLToPath(url);
  // Bundles are ASCII, and what is read so takes a byte a character.
  const source = readFileSync(file, "latin1");
  const cache = `${file}.${source.slice(-16)}.cache`;
  const script = new Script(around.join(source), { filename: file, cachedData: cacheIn(cache) });
  onScript(script, cache);

  const module = { exports: {} };
  const importModule = async (specifier) =>
    specifier.startsWith("./") ? loadBundle(specifier.slice(2), onScript) : import(specifier);
  const run = script.runInThisContext();
  const directory = fileURLToPath(dist);
  run(module.exports, createRequire(url), module, file, directory, pathToFileURL(file).href, importModule);
  return module.exports;
}

function cacheIn(file) {
  try {
    return readFileSync(file);
  } catch {
    // There is none: V8 compiles.
    return undefined;
  }
}
