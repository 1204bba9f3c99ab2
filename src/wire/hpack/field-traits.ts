import { staticPlaces } from "./static-table.js";

/** What is known of a field by its name alone. */
export interface FieldTraits {
  /** Where the static table has the name; 0 = nowhere. */
  readonly index: number;
  /** Where it has the name with a value. */
  readonly values: ReadonlyMap<string, number>;
  /** A small secret, which stays out of every table on the way (RFC 7541, section 7.1.3). */
  readonly isSecret: boolean;
  /** It differs from call to call: its values are not worth remembering, its name is. */
  readonly isVolatile: boolean;
}

const secretNames = ["authorization", "proxy-authorization", "cookie", "set-cookie", "prism-plugin-token"];
const volatileNames = ["grpc-timeout", "traceparent", "tracestate", "content-length", "date"];
const unknown: FieldTraits = { index: 0, values: new Map(), isSecret: false, isVolatile: false };
const known: ReadonlyMap<string, FieldTraits> = new Map(
  [...staticPlaces.keys(), ...secretNames, ...volatileNames].map((name) => [
    name,
    {
      ...(staticPlaces.get(name) ?? unknown),
      isSecret: secretNames.includes(name),
      isVolatile: volatileNames.includes(name),
    },
  ]),
);

/** What is known of a name, in one look: it is asked for every field that is written. */
export function traitsOf(name: string): FieldTraits {
  return known.get(name) ?? unknown;
}
