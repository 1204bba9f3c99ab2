/** Why the system refused something, and what helps: "it is a directory" and "name the file in it". */
export interface SystemProblem {
  /** As the system calls it, "EACCES"; empty where it was not the system that refused. */
  readonly code: string;
  /** A clause about the thing that was asked for. */
  readonly why: string;
  /** An imperative. */
  readonly remedy: string;
}

type Words = readonly [why: string, remedy: string];

/** Every error of the system that Prism's calls may meet, in one place. */
const words: Readonly<Record<string, Words>> = {
  ENOENT: ["it is not there", "check the path"],
  ENOTDIR: ["a part of its path is a file and no directory", "correct the path"],
  EISDIR: ["it is a directory", "name the file in it"],
  ELOOP: ["its symbolic links lead in a circle", "mend the links"],
  ENAMETOOLONG: ["its path, or a name in it, is too long", "choose a shorter one"],
  EACCES: ["this user lacks the permission", "give it to the user that runs Prism"],
  EPERM: ["this user lacks the permission", "give it to the user that runs Prism"],
  EROFS: ["its file system is read-only", "choose a place that can be written"],
  ENOSPC: ["the disk is full", "free some space"],
  EDQUOT: ["the disk quota is used up", "free some space"],
  EFBIG: ["it would be larger than a file may be", "raise the limit (ulimit -f)"],
  EEXIST: ["a file has its name", "move that file away"],
  ENOTEMPTY: ["its directory is not empty", "move away what is in it"],
  EBUSY: ["the system holds it in use", "end what uses it"],
  ENXIO: ["it is a socket, or a device that is not there", "name a file"],
  ENODEV: ["it is a device that is not there", "name a file"],
  EIO: ["the disk, or what it is mounted from, fails", "look after the disk"],
  ESTALE: ["the mount that it lies on has gone", "mount it again"],
  EMFILE: [
    "this process has no file descriptor left",
    "raise its limit (ulimit -n, LimitNOFILE= of systemd)",
  ],
  ENFILE: ["the machine has no file descriptor left", "raise fs.file-max"],
  ENOMEM: ["the machine has no memory left for it", "free some, or give the machine more"],
  EAGAIN: [
    "the system takes no further process",
    "raise the limit of processes (ulimit -u, TasksMax= of systemd)",
  ],
  E2BIG: [
    "its arguments and its environment are more than the system takes",
    "make plugin.command and plugin.env smaller: what is large belongs in config, or in a file",
  ],
  ENOEXEC: [
    "it is no program that this machine runs",
    "name one that was built for it; a script begins with #! and its interpreter",
  ],
  ETXTBSY: ["somebody is still writing it", "finish the writing first"],
  EADDRINUSE: ["another program listens there", "stop that program, or choose another address"],
  EADDRNOTAVAIL: ["this machine has no such address", "choose one that it has, such as 127.0.0.1"],
  EAFNOSUPPORT: ["this machine does not speak that protocol", "choose an address such as 127.0.0.1"],
  ENOTFOUND: ["that host name is not known", "choose an address of this machine, such as 127.0.0.1"],
  EAI_AGAIN: ["that host name cannot be looked up", "choose an address of this machine, such as 127.0.0.1"],
  ECONNREFUSED: ["nobody listens on the socket", "start who should listen there"],
  ENOTSOCK: ["what is there is no socket", "correct the path"],
};

/**
 * What a failure of a system call means. A failure of another kind is told in its own words; `here` says what an error
 * means where it means something of its own.
 */
export function systemProblem(reason: unknown, here: Readonly<Record<string, Words>> = {}): SystemProblem {
  const code = systemCodeOf(reason);
  const known = here[code] ?? words[code];
  if (known) return { code, why: known[0], remedy: known[1] };
  const said = reason instanceof Error ? reason.message : String(reason);
  return { code, why: `the system says ${said}`, remedy: "look after it" };
}

/** What the system calls a failure, "EACCES"; empty where it was not the system that failed. */
export function systemCodeOf(reason: unknown): string {
  return reason instanceof Error && "code" in reason ? String(reason.code) : "";
}
