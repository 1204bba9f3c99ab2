/** Where to dial: what Node's sockets take. */
export type Place = { readonly path: string } | { readonly host: string; readonly port: number };

const unix = "unix:";
const mostPort = 65_535;

/** Reads "host:port", "[::1]:port" or "unix:/path"; undefined where it is none of them. */
export function readAddress(address: string): Place | undefined {
  if (address.startsWith(unix)) {
    const path = address.slice(unix.length);
    return path === "" ? undefined : { path };
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > mostPort ? undefined : { host, port };
}
