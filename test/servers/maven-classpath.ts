import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { madeOnce } from "./made-once.js";
import { installSystemPackage } from "./system-package.js";

const remedy = "install Java and Maven (Debian: apt-get install maven)";

/** A library as Maven names it. */
export interface MavenLibrary {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

/** A Java class path with a library and all that it needs. Fetched once into .cache/, and found again after that. */
export function mavenClasspath(library: MavenLibrary): string {
  const { name, version } = library;
  const home = madeOnce(`maven-${name}-${version}`, (folder) => {
    const hasMaven = spawnSync("mvn", ["--version"], { stdio: "ignore" }).status === 0;
    if (!hasMaven) installSystemPackage("maven", remedy);
    process.stderr.write(`fetching ${name} ${version} for Java into .cache/\n`);
    writeFileSync(join(folder, "pom.xml"), pomOf(library));
    try {
      const copy = ["-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib"];
      execFileSync("mvn", copy, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    } catch (cause) {
      throw new Error(`${name} cannot be fetched: ${remedy}, or see what mvn says above`, { cause });
    }
  });
  return join(home, "lib", "*");
}

function pomOf({ group, name, version }: MavenLibrary): string {
  const wanted = `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`;
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>prism.test</groupId><artifactId>classpath</artifactId><version>1</version>
  <dependencies><dependency>${wanted}</dependency></dependencies>
</project>
`;
}
