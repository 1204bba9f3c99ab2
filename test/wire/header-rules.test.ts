import { describe, expect, test } from "vitest";
import { HeaderList } from "../../src/wire/header-list.js";
import type { BlockKind } from "../../src/wire/header-facts.js";
import { examine, factsOf } from "../../src/wire/header-rules.js";

const request = [":method", "POST", ":scheme", "http", ":path", "/a"];
const response = [":status", "200"];

describe("a block that keeps the rules of RFC 9113, section 8, is taken", () => {
  const sound: [string, BlockKind, string[]][] = [
    ["a request", "request", [...request, ":authority", "a", "te", "trailers", "content-type", "x"]],
    ["CONNECT", "request", [":method", "CONNECT", ":authority", "a:1"]],
    ["a response", "response", [...response, "x", ""]],
    ["trailers", "trailers", ["grpc-status", "0"]],
    ["tabs within a value, and bytes beyond ASCII", "request", [...request, "a", "b\tc\xe4\xff"]],
    ["the same content-length twice", "request", [...request, "content-length", "1", "content-length", "1"]],
  ];
  test.each(sound)("%s", (_what, kind, fields) => {
    expect(examine(new HeaderList(fields), kind).fault).toBeUndefined();
  });
});

describe("a block that breaks them is malformed", () => {
  const broken: [string, BlockKind, string[]][] = [
    ["no :method", "request", [":scheme", "http", ":path", "/"]],
    ["no :scheme", "request", [":method", "GET", ":path", "/"]],
    ["no :path", "request", [":method", "GET", ":scheme", "http"]],
    ["an empty :path", "request", [":method", "GET", ":scheme", "http", ":path", ""]],
    ["a pseudo-header twice", "request", [...request, ":path", "/b"]],
    ["a pseudo-header behind a field", "request", [...request, "a", "b", ":authority", "c"]],
    ["an unknown pseudo-header", "request", [...request, ":protocol", "websocket"]],
    [":status in a request", "request", [...request, ":status", "200"]],
    ["CONNECT with a :path", "request", [":method", "CONNECT", ":authority", "a", ":path", "/"]],
    ["CONNECT without :authority", "request", [":method", "CONNECT"]],
    ["an upper-case name", "request", [...request, "X-A", "b"]],
    ["an empty name", "request", [...request, "", "b"]],
    ["a name with a blank", "request", [...request, "a b", "c"]],
    ["connection", "request", [...request, "connection", "close"]],
    ["transfer-encoding", "request", [...request, "transfer-encoding", "chunked"]],
    ["te other than trailers", "request", [...request, "te", "gzip"]],
    ["CR in a value", "request", [...request, "a", "b\rc"]],
    ["LF in a value", "request", [...request, "a", "b\nc"]],
    ["NUL in a value", "request", [...request, "a", "b\0c"]],
    ["a content-length that is none", "request", [...request, "content-length", "-1"]],
    ["two content-lengths", "request", [...request, "content-length", "1", "content-length", "2"]],
    ["no :status", "response", ["a", "b"]],
    [":status that is none", "response", [":status", "20"]],
    [":status 101", "response", [":status", "101"]],
    [":path in a response", "response", [...response, ":path", "/"]],
    ["a pseudo-header in trailers", "trailers", [":status", "200"]],
  ];
  test.each(broken)("%s", (_what, kind, fields) => {
    expect(examine(new HeaderList(fields), kind).fault).toBeTypeOf("string");
  });
});

test("a response with status 1xx is not the final one", () => {
  const informational = [100, 103, 200, 304].map(
    (status) => examine(new HeaderList([":status", String(status)]), "response").informational,
  );

  expect(informational).toEqual([true, true, false, false]);
});

test("a list is examined once for each use of it", () => {
  const list = new HeaderList(request);

  const facts = factsOf(list, "request");

  expect(factsOf(list, "request")).toBe(facts);
  expect(factsOf(list, "trailers").fault).toBeTypeOf("string");
});

describe("a list like a sound one that came before", () => {
  const fields = [...request, "te", "trailers", "content-length", "1", "traceparent", "00-a"];
  const like = new HeaderList(fields);
  const withValue = (name: string, value: string): HeaderList =>
    new HeaderList(fields.map((text, i) => (i % 2 === 1 && fields[i - 1] === name ? value : text)));
  factsOf(like, "request");

  test.each([
    ["traceparent", "00-b"],
    [":path", "/b"],
  ])("shares what the rules say of it where %s alone differs", (name, value) => {
    expect(factsOf(withValue(name, value), "request", like)).toBe(like.facts);
  });

  test.each([
    ["traceparent", "00\r\nx: y"],
    ["te", "gzip"],
    [":path", ""],
    [":method", ""],
    ["content-length", "one"],
  ])("is malformed all the same where %s is %j", (name, value) => {
    expect(factsOf(withValue(name, value), "request", like).fault).toBeTypeOf("string");
  });

  test("is looked at closely where it has other names, is longer, or is of another kind", () => {
    const renamed = new HeaderList([...request, "te", "trailers", "content-length", "1", "Upper", "00-a"]);
    const longer = new HeaderList([...fields, "connection", "close"]);

    expect(factsOf(renamed, "request", like).fault).toBeTypeOf("string");
    expect(factsOf(longer, "request", like).fault).toBeTypeOf("string");
    expect(factsOf(new HeaderList(fields), "trailers", like).fault).toBeTypeOf("string");
  });

  test("counts its own content-length", () => {
    expect(factsOf(withValue("content-length", "7"), "request", like).contentLength).toBe(7);
  });
});
