import fc from "fast-check";

/** Header fields in their order. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** What one end says on a stream: fields, a body in pieces of so many bytes, trailers. */
export interface Said {
  readonly fields: Fields;
  readonly pieces: readonly number[];
  readonly trailers: Fields;
}

/** A stream: what is asked and what is answered. */
export interface FuzzedExchange {
  readonly request: Said;
  readonly response: Said;
}

/** What the other end heard of it. */
export interface Heard {
  readonly fields: string[];
  readonly body: Buffer;
  readonly trailers: string[];
}

const fields = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom("x-a", "x-b", "x-long", "te", "user-agent", "cookie", "x-bin", "grpc-status"),
    fc.oneof(fc.constantFrom("trailers", "", "0", "v".repeat(300)), fc.stringMatching(/^[!-~]{1,20}$/)),
  ),
  { maxLength: 5, selector: ([name]) => name },
).map((all) => all.map(([name, value]) => (name === "te" ? ([name, "trailers"] as const) : ([name, value] as const)))); // prettier-ignore
const said = fc.record({
  fields,
  pieces: fc.array(fc.oneof(fc.nat(40), fc.constantFrom(0, 1, 16_384, 16_385, 70_000)), { maxLength: 5 }),
  trailers: fc.oneof(fc.constant([]), fields.map((all) => all.filter(([name]) => name !== "te"))),
}); // prettier-ignore

/** Several streams of one connection. */
export const exchanges: fc.Arbitrary<FuzzedExchange[]> = fc.array(
  fc.record({ request: said, response: said }),
  { minLength: 1, maxLength: 6 },
);

/** The pieces of a body, each byte telling its place. */
export function bodyOf({ pieces }: Said): Buffer[] {
  let at = 0;
  return pieces.map((length) => Buffer.from(Array.from({ length }, () => at++ % 251)));
}

/** What is to be heard where nothing is lost. */
export function heardOf(said: Said): Heard {
  return { fields: said.fields.flat(), body: Buffer.concat(bodyOf(said)), trailers: said.trailers.flat() };
}
