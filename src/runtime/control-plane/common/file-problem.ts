import { PrismError, systemProblem } from "../../../protocol/index.js";

const here = { ENOENT: ["a part of its path is not there", "make it"] } as const;

/** Makes a failure of the file system a sentence that names what it happened to, and says what to do about it. */
export function fileProblem(reason: unknown, { what, remedy }: { what: string; remedy: string }): PrismError {
  const { code, why, remedy: usual } = systemProblem(reason, here);
  const told = code === "" ? why : `${why} (${code}); ${usual}`;
  return new PrismError("invalidConfig", `${what} cannot be used: ${told}. ${remedy}`, { cause: reason });
}
