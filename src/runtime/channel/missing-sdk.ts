import { installed } from "../model/installed.js";

/** What Node.js says where `prism/sdk` is not there at all, and where the package that is there is another's. */
const complaints = [
  /Cannot find (?:package|module) '(?:[^']*\/node_modules\/)?prism(?:\/[^']*)?'/,
  /Package subpath '\.\/\w+' is not defined by "exports" in [^'"]*\/node_modules\/prism\/package\.json/,
];

/** What to do where a plugin fell because it does not find `prism/sdk`; undefined where its words tell of something else. */
export function missingSdkRemedy(words: string): string | undefined {
  if (!complaints.some((complaint) => complaint.test(words))) return undefined;
  const here = installed(".").replace(/\/$/, "");
  return `it does not find the SDK of this Prism: run \`npm install ${here}\` in the plugin's directory (the package "prism" of the public registry is somebody else's, and NODE_PATH does not count for ES modules)`;
}
