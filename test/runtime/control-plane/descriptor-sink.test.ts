import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LineOutlet } from "../../../src/protocol/index.js";
import { DescriptorSink } from "../../../src/runtime/control-plane/descriptor-sink.js";

const line = `${"x".repeat(1023)}\n`;
const lineBytes = 1024;
/** What a pipe takes unread, in lines. */
const pipeLines = 64;

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "prism-sink-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Something that takes 64 KiB and then no more until it is read, as a terminal does that is held. */
function held(): { descriptor: number; read: (bytes: number) => string } {
  const path = join(directory(), "fifo");
  spawnSync("mkfifo", [path]);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(descriptor));
  const read = (bytes: number): string => {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString("utf8", 0, readSync(descriptor, buffer));
  };
  return { descriptor, read };
}

test("a terminal that is held costs the lines beyond the bound, and is told how many once it goes on", async () => {
  const { descriptor, read } = held();
  const outlet = new LineOutlet(new DescriptorSink(descriptor), 10 * lineBytes);
  const told = new Promise<number>((resolve) => (outlet.onDropped = resolve));

  for (let i = 0; i < 100; i++) outlet.write(line);
  const text = read(pipeLines * lineBytes);

  expect(await told).toBe(100 - pipeLines - 10);
  expect(text + read(pipeLines * lineBytes)).toBe(line.repeat(pipeLines + 10));
});

test("a flush waits for what is held, and not for ever", async () => {
  const { descriptor, read } = held();
  const outlet = new LineOutlet(new DescriptorSink(descriptor), 10 * lineBytes);
  for (let i = 0; i < pipeLines + 5; i++) outlet.write(line);

  await outlet.flush(10);
  read(pipeLines * lineBytes);
  await outlet.flush(60_000);

  expect(read(pipeLines * lineBytes)).toBe(line.repeat(5));
});

test("a file has each line at once", () => {
  const path = join(directory(), "log");
  const descriptor = openSync(path, "a");
  const outlet = new LineOutlet(new DescriptorSink(descriptor));

  outlet.write("one\n");
  outlet.write("two\n");

  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  closeSync(descriptor);
});

test("a line that cannot be written is dropped and counted, and the next one is tried", () => {
  const full = openSync("/dev/full", "w");
  const outlet = new LineOutlet(new DescriptorSink(full));

  outlet.write(line);
  outlet.write(line);

  expect(outlet.dropped).toBe(2);
  closeSync(full);
});
