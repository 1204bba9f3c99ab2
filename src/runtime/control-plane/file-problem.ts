import { PrismError } from "../../protocol/index.js";

const sentences: Readonly<Record<string, string>> = {
  EACCES: "cannot be written: this user lacks the permission",
  EPERM: "cannot be written: this user lacks the permission",
  EROFS: "cannot be written: its file system is read-only",
  ENOSPC: "cannot be written: the disk is full, so free some space",
  EDQUOT: "cannot be written: the disk quota is used up, so free some space",
  ENOTDIR: "cannot be made: a part of its path is a file",
  EEXIST: "cannot be made: a file has its name",
  ENAMETOOLONG: "cannot be made: its path is too long",
};

/** Makes a failure of the file system a sentence that names what it happened to, and says what to do about it. */
export function fileProblem(reason: unknown, { what, remedy }: { what: string; remedy: string }): PrismError {
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "";
  const sentence = sentences[code] ?? `cannot be used (${code === "" ? String(reason) : code})`;
  return new PrismError("invalidConfig", `${what} ${sentence}. ${remedy}`, { cause: reason });
}
