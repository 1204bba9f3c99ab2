import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const steps = readFileSync(join(root, "Dockerfile"), "utf8")
  .split("\n")
  .filter((line) => /^[A-Z]+ /.test(line));

interface Manifest {
  readonly files: readonly string[];
  readonly engines: { readonly node: string };
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** What the COPY lines name, without where it goes: those of the checkout, or those of the stage before. */
function copied(from: "checkout" | "stage"): string[] {
  const lines = steps.filter((line) => line.startsWith("COPY "));
  return lines
    .filter((line) => line.includes("--from=") === (from === "stage"))
    .flatMap((line) => line.split(" ").slice(1, -1))
    .filter((word) => !word.startsWith("--"));
}

test("the Dockerfile copies what the checkout has, and .dockerignore lets it through", () => {
  const ignore = readFileSync(join(root, ".dockerignore"), "utf8").trim().split("\n");

  for (const path of copied("checkout")) expect(existsSync(join(root, path)), path).toBe(true);
  expect(ignore[0]).toBe("*");
  expect(ignore.slice(1).sort(byName)).toEqual(
    copied("checkout")
      .map((path) => `!${path.replace("./", "")}`)
      .sort(byName),
  );
});

test("the image holds all that the package holds, and what it depends on", () => {
  const held = copied("stage").map((path) => path.replace("/prism/", ""));

  expect(held.sort(byName)).toEqual([...manifest.files, "node_modules", "package.json"].sort(byName));
});

test("the image's Node is one that the package takes, and process 1 is an init", () => {
  const [, least = "0"] = /^>=(\d+)/.exec(manifest.engines.node) ?? [];
  const images = steps.filter((line) => line.startsWith("FROM "));

  for (const line of images)
    expect(Number(/node:(\d+)/.exec(line)?.[1])).toBeGreaterThanOrEqual(Number(least));
  expect(images.length).toBe(2);
  expect(steps).toContain('ENTRYPOINT ["/usr/bin/tini", "--", "prism"]');
});

function byName(one: string, other: string): number {
  return one.localeCompare(other);
}
