import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tokenAskedFor } from "../../src/cli/operator-token.js";
import { PrismError } from "../../src/protocol/index.js";
import { temporaryDirectory } from "../support/temporary.js";

const address = "127.0.0.1:50052";
const token = `${address}/${"a".repeat(43)}`;

function refusal(path: string): PrismError {
  return new PrismError("forbidden", "shows no token", { info: { token_file: path } });
}

async function file(text: string, { name = "admin-token", mode = 0o600 } = {}): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

test.each([address, "localhost:50052", "[::1]:50052"])(
  "the token that a refusal names is shown at the address that stands in it, where %s was dialled",
  async (dialled) => {
    const found = await tokenAskedFor(refusal(await file(`${token}\n`)), dialled);

    expect(found).toEqual({ token, address });
  },
);

test.each(["127.0.0.1:50053", "10.0.0.7:50052", "unix:/run/prism.sock"])(
  "another Prism's token is not shown to who answers at %s",
  async (dialled) => {
    expect(await tokenAskedFor(refusal(await file(`${token}\n`)), dialled)).toBeUndefined();
  },
);

test.each([
  ["has another name", { name: "id_ed25519" }, token],
  ["others may read", { mode: 0o644 }, token],
  ["its group may write", { mode: 0o620 }, token],
  ["has no token in it", {}, "-----BEGIN OPENSSH PRIVATE KEY-----"],
  ["has more than a token in it", {}, `${token}\nmore`],
  ["is longer than any token", {}, token.repeat(20)],
  ["has nothing in it", {}, ""],
])("whoever lies is sent nothing of a file that %s", async (_what, as, content) => {
  expect(await tokenAskedFor(refusal(await file(content, as)), address)).toBeUndefined();
});

test("neither a link, a pipe, a directory, nor what is not there is taken for a token, and none is waited for", async () => {
  const directory = await temporaryDirectory();
  const paths = await Promise.all(
    ["link", "pipe", "directory", "nothing"].map(async (kind) => {
      await mkdir(join(directory, kind));
      return join(directory, kind, "admin-token");
    }),
  );
  await symlink(await file(token), paths[0] ?? "");
  execFileSync("mkfifo", ["-m", "600", paths[1] ?? ""]);
  await mkdir(paths[2] ?? "");

  const found = await Promise.all(
    [...paths, "admin-token", ""].map((path) => tokenAskedFor(refusal(path), address)),
  );

  expect(found).toEqual(Array(6).fill(undefined));
});

test("only a refusal for want of a token asks for one", async () => {
  const info = { token_file: await file(token) };

  const found = await tokenAskedFor(new PrismError("invalidRequest", "", { info }), address);

  expect(found).toBeUndefined();
});
