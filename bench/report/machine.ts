import { cpus, totalmem } from "node:os";

/** The machine in a few words. */
export function machine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${gibibytes} GiB, Node ${process.version}`;
}
