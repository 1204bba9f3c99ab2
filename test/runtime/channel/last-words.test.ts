import { describe, expect, test } from "vitest";
import { LastWords } from "../../../src/runtime/channel/last-words.js";

function lastWordsOf(...lines: string[]): string {
  const words = new LastWords(2);
  for (const line of lines) words.add(line);
  return words.toString();
}

describe("what a plugin wrote last", () => {
  test("is nothing where it wrote nothing, and then the log is not pointed to", () => {
    expect(lastWordsOf()).toBe("");
    expect(lastWordsOf("", "  ")).toBe("");
  });

  test("is told whole where it was little", () => {
    expect(lastWordsOf("one", "two")).toBe('; the last it wrote on stderr: "one / two"');
  });

  test.each([
    ["more lines", ["one", "two", "three"]],
    ["a stack", ["Error: one", "    at two"]],
    ["a long line", ["x".repeat(601)]],
  ])("points to the log where that has more: %s", (_, lines) => {
    expect(lastWordsOf(...lines)).toMatch(/; the log has more of what it wrote$/);
  });
});
