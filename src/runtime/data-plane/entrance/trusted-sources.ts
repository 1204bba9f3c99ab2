import { BlockList, isIPv6 } from "node:net";

/** Who may say for whom a connection is: addresses and networks, and `unix` for whoever reaches a Unix socket. */
export class TrustedSources {
  readonly #networks = new BlockList();
  readonly #hasUnix: boolean;

  /** Each "10.1.2.3", "10.0.0.0/8", "fd00::/8" or "unix". */
  constructor(sources: readonly string[]) {
    this.#hasUnix = sources.includes("unix");
    for (const source of sources) {
      if (source === "unix") continue;
      const [address = "", bits] = source.split("/");
      if (bits === undefined) this.#networks.addAddress(address, familyOf(address));
      else this.#networks.addSubnet(address, Number(bits), familyOf(address));
    }
  }

  /** Whether a connection from this address, empty for a Unix socket, is one of theirs. */
  has(address: string): boolean {
    return address === "" ? this.#hasUnix : this.#networks.check(address, familyOf(address));
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
