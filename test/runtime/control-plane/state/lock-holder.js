// Locks a directory as a runtime does, says so, and lives until it is killed: `node lock-holder.js <directory>`.
import { createServer } from "node:net";
import { symlinkSync } from "node:fs";
import { join } from "node:path";

const directory = process.argv[2];
const socket = join(directory, "lock-by-hand.sock");
createServer((peer) => peer.end(`${process.pid}\n`)).listen(socket, () => {
  symlinkSync(socket, join(directory, "1"));
  process.stdout.write("locked\n");
});
