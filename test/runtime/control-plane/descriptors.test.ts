import { expect, test } from "vitest";
import { withinDescriptors } from "../../../src/runtime/control-plane/descriptors.js";
import { defaultLimits } from "../../support/default-limits.js";

const limits = { ...defaultLimits, connections: 10_000 };

test("no more connections are taken than a process may open files for, and the log says so and what to raise", () => {
  const said: string[] = [];
  const note = (text: string): void => void said.push(text);
  const log = { debug: note, info: note, warn: note, error: note };

  const taken = withinDescriptors(limits, log, 1024);

  expect(taken.connections).toBe(704);
  expect(said.join()).toMatch(/may open 1024 files .* takes 704 connections .*raise ulimit -n/);
});

test("where there are descriptors enough, the limits are as configured, and nothing is said", () => {
  const log = { debug: fail, info: fail, warn: fail, error: fail };

  expect(withinDescriptors(limits, log, 1_000_000)).toBe(limits);
});

function fail(): never {
  throw new Error("nothing was to be said");
}
