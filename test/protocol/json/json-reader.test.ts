import { describe, expect, test } from "vitest";
import { JsonProblem, JsonReader, type ReadJson } from "../../../src/protocol/index.js";

const bounds = { depth: 4, digits: 30, values: 10 };

function read(text: string | Buffer, pieceBytes = Infinity): ReadJson {
  const bytes = Buffer.from(text);
  const reader = new JsonReader(bounds);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Buffer.from(bytes.subarray(at, Math.min(bytes.length, at + pieceBytes)));
    reader.push(piece);
    piece.fill(0xee);
  }
  return reader.end();
}

function problemOf(text: string | Buffer): JsonProblem {
  try {
    read(text);
  } catch (reason) {
    if (reason instanceof JsonProblem) return reason;
    throw reason;
  }
  throw new Error(`no problem in ${String(text)}`);
}

describe("a reader of JSON", () => {
  test.each([1, 2, 3, 7, Infinity])("reads what comes in pieces of %s bytes", (pieceBytes) => {
    const text = '{"a": [1, -2.5e3, true, null], "é\\n\\ud83d\\ude00": {"": "\\"\\\\"}}\n';

    expect(read(text, pieceBytes)).toEqual(JSON.parse(text));
  });

  test("takes every key for data, __proto__ too", () => {
    const value = read('{"__proto__": {"constructor": 1}, "toString": 2}');

    expect(Object.entries(value as object)).toEqual([
      ["__proto__", { constructor: 1 }],
      ["toString", 2],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test.each([
    ['{"a": 1,\n "b": 1, "a": 2}', 'line 2, column 10: the key "a" stands twice in one object'],
    ['[{"é": {"k": 1, "\\u006b": 2}}]', 'line 1, column 17: the key "k" stands twice in one object'],
    ['{"__proto__": 1, "__proto__": 2}', 'column 18: the key "__proto__" stands twice'],
    ['{"a": 01}', 'line 1, column 7: expected a value, got "01"'],
    ["[1,]", "line 1, column 4: expected a value, got ]"],
    ['{"a" 1}', "line 1, column 6: expected :, got 1"],
    ["{a: 1}", 'line 1, column 2: expected a key in "" or }, got a'],
    ["[1}", "line 1, column 3: expected , or ], got }"],
    ["1 2", "line 1, column 3: expected the end, got 2"],
    ["nul", 'line 1, column 1: expected a value, got "nul"'],
    ["truetrue", 'line 1, column 1: expected a value, got "truet…'],
    ["", "line 1, column 1: it ends too early: expected a value"],
    ['{"a":[', "line 1, column 7: it ends too early: expected a value or ]"],
    ['"abc', 'line 1, column 5: it ends within a text: expected "'],
    ['"a\nb"', "line 1, column 3: a control character in a text"],
    ['"\\x"', "line 1, column 1: the text has an escape that JSON does not know"],
    ['["\\ud800"]', "line 1, column 2: the text has half a surrogate pair"],
    ["\ufeff{}", "line 1, column 1: expected a value, got the byte 0xef: leave out the byte order mark"],
  ])("refuses %j and says where", (text, message) => {
    expect(problemOf(text).message).toContain(message);
    expect(problemOf(text).bound).toBeUndefined();
  });

  test("refuses bytes that are no UTF-8, in values and in keys", () => {
    const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

    expect(problemOf(latin1('["caf\xe9"]')).message).toBe("line 1, column 2: the text is not UTF-8");
    expect(problemOf(latin1('{"caf\xe9":1}')).message).toBe("line 1, column 2: the text is not UTF-8");
  });

  test.each([
    ["[[[[[", "depth"],
    ["9".repeat(31), "digits"],
    ["[1,2,3,4,5,6,7,8,9,10,", "values"],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,', "values"],
  ])("ends %s where it costs too much, before the rest has come", (text, bound) => {
    const reader = new JsonReader(bounds);

    expect(() => reader.push(Buffer.from(text))).toThrow(expect.objectContaining({ bound }) as Error);
  });

  test("holds a number that comes a byte at a time to its bound", () => {
    const reader = new JsonReader(bounds);
    const digit = Buffer.from("9");
    for (let i = 0; i < 30; i++) reader.push(digit);

    expect(() => reader.push(digit)).toThrow(expect.objectContaining({ bound: "digits" }) as Error);
  });
});
