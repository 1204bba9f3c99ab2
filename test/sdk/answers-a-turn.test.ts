import { beforeEach, describe, expect, test } from "vitest";
import { type ConnectionAnswers, UnsentAnswers } from "../../src/sdk/unsent-answers.js";
import { until } from "../support/running-prism.js";

const mebibyte = 1024 ** 2;

/** A call that makes a large answer once it may, and tells after how many of the others it did. */
class Large {
  readonly heldBytes = 1024;
  place: number | undefined;
  readonly #answers: ConnectionAnswers;
  readonly #made: Large[];

  constructor(answers: ConnectionAnswers, made: Large[]) {
    this.#answers = answers;
    this.#made = made;
  }
  proceed(): void {
    this.place = this.#made.push(this);
    this.#answers.made(mebibyte);
  }
}

let answers: ConnectionAnswers;
let made: Large[];
let calls: Large[];
beforeEach(() => {
  answers = new UnsentAnswers({ perConnection: 64 * mebibyte, inAll: 64 * mebibyte }).connection();
  made = [];
  calls = Array.from({ length: 5 }, () => new Large(answers, made));
  answers.made(mebibyte);
  for (const call of calls) answers.wait(call);
});

describe("of large answers 1 MiB is made in a turn of the loop", () => {
  test("so that further ones wait, and have their turns in the order in which they came", async () => {
    expect(answers.isSpent).toBe(true);

    const together: number[] = [];
    await until("all to be made", () => {
      together.push(made.length);
      return made.length === calls.length;
    });

    expect(calls.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5]);
    expect(together).toEqual(expect.arrayContaining([1, 2, 3, 4, 5]));
  });

  test("and none for a caller who has left before", async () => {
    const [first, ...others] = calls;
    for (const call of others.slice(0, 3)) answers.forget(call);

    await until("the last to be made", () => others.at(-1)?.place !== undefined);

    expect(made).toEqual([first, others.at(-1)]);
  });
});
