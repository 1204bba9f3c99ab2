import { expect, test } from "vitest";
import { TokenBucket } from "../../src/wire/token-bucket.js";

test("lets a burst through, then as many as its time brings", () => {
  let ms = 0;
  const bucket = new TokenBucket(3, 10, () => ms);

  const burst = [1, 2, 3, 4].map(() => bucket.take());
  ms += 200;
  const later = [1, 2, 3].map(() => bucket.take());

  expect(burst).toEqual([true, true, true, false]);
  expect(later).toEqual([true, true, false]);
});

test("is filled by work, and never above its burst", () => {
  const bucket = new TokenBucket(2, 0, () => 0);
  bucket.take();
  bucket.take();

  bucket.earn(10);

  expect([1, 2, 3].map(() => bucket.take())).toEqual([true, true, false]);
});
