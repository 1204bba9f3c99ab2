import { fileURLToPath } from "node:url";

/** The file of this Prism at a path from its package.json's directory: the same from source, and from whatever file of dist holds this. */
export function installed(path: string): string {
  const root = import.meta.url.replace(/^(.*)\/(?:src|dist)\/.*$/, "$1/");
  return fileURLToPath(new URL(path, root));
}
