import { Flags } from "@oclif/core";
import { readAddress } from "../client/address.js";
import { usageError } from "./usage-error.js";

/** A flag that says where Prism listens, as `--admin 127.0.0.1:50052`; of another look it is refused before anything is dialled. */
export const address = Flags.custom({
  helpValue: "host:port",
  parse: (input) => {
    if (readAddress(input)) return Promise.resolve(input);
    throw usageError(`"${input}" is no address: write host:port, such as 10.0.0.5:7000, or unix:/path`);
  },
});
