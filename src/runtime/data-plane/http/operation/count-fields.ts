import type { DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { PrismError } from "../../../../protocol/index.js";
import { HttpRefusal } from "../http-refusal.js";

/** Throws where a message has more fields than an answer in JSON may. */
export function checkFields(desc: DescMessage, bytes: Uint8Array, counting: Counting): void {
  if (hasAtMostFields(desc, bytes, counting)) return;
  const limit = "server.limits.json_values";
  const message = `the answer has more than ${counting.most} fields, which is the most in JSON (${limit}): ask for less at once, or use gRPC`;
  throw new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 422);
}

/**
 * Whether a message has at most so many fields, those of messages within it counted, each entry of a list as one. It reads
 * no more of it than that. What is no message has as many as can be read of it. Types that an Any names are in the registry.
 */
function hasAtMostFields(desc: DescMessage, bytes: Uint8Array, { most, registry }: Counting): boolean {
  const count = new Count(most, registry);
  try {
    count.within(desc, bytes);
  } catch {
    // Whoever decodes it tells what is amiss.
  }
  return count.left >= 0;
}

/** How far fields are counted. */
export interface Counting {
  readonly most: number;
  readonly registry: Registry;
}

class Count {
  left: number;
  readonly #registry: Registry;

  constructor(left: number, registry: Registry) {
    this.left = left;
    this.#registry = registry;
  }

  within(desc: DescMessage, bytes: Uint8Array): void {
    const fields = new Map(desc.fields.map((field) => [field.number, field]));
    const reader = new BinaryReader(bytes);
    let typeUrl = "";
    let value: Uint8Array | undefined;
    while (reader.pos < reader.len && this.left >= 0) {
      const [number, wireType] = reader.tag();
      this.left--;
      if (wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number);
        continue;
      }
      const part = reader.bytes();
      if (desc.typeName !== "google.protobuf.Any") this.#part(fields.get(number), part);
      else if (number === 1) typeUrl = Buffer.from(part).toString("latin1");
      else value = part;
    }
    const named = this.#registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    if (named && value) this.within(named, value);
  }

  #part(field: DescField | undefined, part: Uint8Array): void {
    if (field?.message) this.#message(field, field.message, part);
    // Numbers of a list may stand packed, each in a byte or more.
    else if (field?.fieldKind === "list" && field.packed) this.left -= part.length;
  }

  /** A message, or the entry of a map whose value is one. */
  #message(field: DescField, message: DescMessage, part: Uint8Array): void {
    if (field.fieldKind !== "map") return this.within(message, part);
    const reader = new BinaryReader(part);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      this.left--;
      if (number === 2 && wireType === WireType.LengthDelimited) this.within(message, reader.bytes());
      else reader.skip(wireType, number);
    }
  }
}
