import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { PrismError } from "../protocol/index.js";

/** The text of a file; "-" is stdin. Rejects with kind `invalidConfig` where it cannot be read. */
export async function readText(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PrismError(
      "invalidConfig",
      `${file} cannot be read (${why}): name a readable file, or - for stdin`,
      {
        cause,
      },
    );
  }
}
