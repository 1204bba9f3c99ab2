import { basename, relative } from "node:path";

/** How this very program is called from the current directory: "prism" where it is installed, else by its path. */
export function pathOf(installedAs: string, [, file = ""]: readonly string[] = process.argv): string {
  if (basename(file) === installedAs) return installedAs;
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : `./${path}`;
}
