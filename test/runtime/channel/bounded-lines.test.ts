import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BoundedLines } from "../../../src/runtime/channel/bounded-lines.js";

const bounds = { lineBytes: 10, linesPerSecond: 3, bytesPerSecond: 100 };

let stream: PassThrough;
let told: string[];
let lines: BoundedLines;
beforeEach(() => {
  vi.useFakeTimers();
  stream = new PassThrough();
  told = [];
  lines = new BoundedLines(stream, (line) => told.push(line), bounds);
});
afterEach(() => {
  lines.end();
  vi.useRealTimers();
});

function write(text: string): void {
  lines.write(Buffer.from(text));
}

describe("a plugin's output", () => {
  test("is cut into lines, wherever the reads end", () => {
    for (const part of ["on", "e\ntw", "o\r\n", "thr"]) write(part);
    lines.end();

    expect(told).toEqual(["one", "two", "thr"]);
  });

  test("has its long lines cut off", () => {
    write("0123456789abcdef\n");
    write("0123456789".repeat(9));
    write("0123456789\nend\n");

    expect(told).toEqual(["0123456789…", "0123456789…", "end"]);
  });

  test("beyond so many lines a second is dropped, and a line tells how many", () => {
    write("1\n2\n3\n4\n5\n");
    write("6\n7");
    vi.advanceTimersByTime(1000);
    write("\n8\n");

    expect(told).toEqual(["1", "2", "3", "3 lines dropped: at most 3 a second are taken", "7", "8"]);
  });

  test("that is dropped when it ends is told then", () => {
    write("1\n2\n3\n4\n");

    lines.end();

    expect(told.at(-1)).toBe("1 lines dropped: at most 3 a second are taken");
  });

  test("beyond so many bytes a second is not read before the second is over", () => {
    write("x".repeat(100));

    expect(stream.isPaused()).toBe(true);
    vi.advanceTimersByTime(1000);
    expect(stream.isPaused()).toBe(false);
  });

  test("keeps characters whole that are cut by a read", () => {
    const bytes = Buffer.from("grün\n");

    lines.write(bytes.subarray(0, 3));
    lines.write(bytes.subarray(3));

    expect(told).toEqual(["grün"]);
  });
});
