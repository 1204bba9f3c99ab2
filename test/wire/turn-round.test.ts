import { beforeEach, expect, test } from "vitest";
import { H2Stream, type StreamOwner } from "../../src/wire/h2-stream.js";
import { TurnRound } from "../../src/wire/turn-round.js";

const ignore = (): void => undefined;
const owner: StreamOwner = {
  sendHeaders: ignore,
  sendData: () => 0,
  sendWritten: () => false,
  sendReset: ignore,
  credit: ignore,
  onEndSent: ignore,
  forget: ignore,
  onForgotten: ignore,
  onReleased: ignore,
};
const listener = { onHeaders: ignore, onData: ignore, onDrain: ignore, onClose: ignore };
const stream = (id: number): H2Stream => new H2Stream(id, owner, { send: 0, receive: 0 }, listener);
const [a, b, c] = [stream(1), stream(3), stream(5)] as const;

let round: TurnRound;
const taken = (): (number | undefined)[] => [1, 2, 3, 4].map(() => round.take()?.id);
beforeEach(() => {
  round = new TurnRound();
  for (const one of [a, b, c]) round.add(one);
});

test("streams have their turn in the order they came, once", () => {
  round.add(a);

  expect(taken()).toEqual([1, 3, 5, undefined]);
});

test("a stream may leave from anywhere", () => {
  round.remove(b);
  round.remove(b);
  round.remove(c);
  round.add(b);

  expect(taken()).toEqual([1, 3, undefined, undefined]);
});

test("one that could not use its turn keeps it", () => {
  const first = round.take();
  if (first) round.putBack(first);
  round.remove(b);

  expect(taken()).toEqual([1, 5, undefined, undefined]);
});
