import { expect, test } from "vitest";
import { Book } from "../../bench/soak/book.js";

test("a call that ran while its namespace's plugin was away is excused, and no other", () => {
  let ms = 0;
  const book = new Book(() => ms);
  const [early, during, elsewhere] = ["store", "store", "cache"].map((name) => book.begin("read", name));
  if (!early || !during || !elsewhere) throw new Error("three were begun");

  ms = 10;
  book.fail(early, "UNAVAILABLE", "too early");
  ms = 20;
  const outage = book.outage("store");
  book.fail(during, "UNAVAILABLE", "cut");
  book.fail(elsewhere, "UNAVAILABLE", "another namespace");
  book.fail(book.begin("read", "store"), "INTERNAL", "another status");
  ms = 30;
  book.end(outage);
  ms = 40;
  book.fail(book.begin("read", "store"), "UNAVAILABLE", "too late");
  book.settle();

  expect(book.excused).toBe(1);
  const messages = book.unexplained.map(({ message }) => message);
  expect(messages).toEqual(["too early", "another namespace", "another status", "too late"]);
});

test("the death of the data plane excuses every namespace", () => {
  let ms = 0;
  const book = new Book(() => ms);
  const call = book.begin("read", "store");

  ms = 5;
  book.outage(undefined);
  book.fail(call, "UNAVAILABLE", "the connection broke");
  book.settle();

  expect(book.excused).toBe(1);
  expect(book.unexplainedCount).toBe(0);
});
