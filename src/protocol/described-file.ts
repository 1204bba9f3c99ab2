import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { textForEyes } from "./utf8.js";

/** What a google.protobuf.FileDescriptorProto describes, by name. */
export interface DescribedFile {
  /** "acme/billing/v1/invoices.proto". */
  readonly name: string;
  /** Names of the files that it imports. */
  readonly imports: readonly string[];
  /** Full names of its messages, enums, services, methods and extensions. */
  readonly symbols: readonly string[];
  readonly extensions: readonly DescribedExtension[];
}

/** A field that a file adds to a message of another. */
export interface DescribedExtension {
  /** The full name of that message. */
  readonly extended: string;
  readonly number: number;
}

/** protoc nests no deeper either. */
const deepest = 32;
const longestName = 512;
/** A file that a person writes describes hundreds of names, and imports tens. */
const mostNames = 10_000;

/** Field numbers of google/protobuf/descriptor.proto. */
const File = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6, extension: 7 };
const Message = { name: 1, nested: 3, enum: 4, extension: 6 };
const Service = { name: 1, method: 2 };
const Field = { name: 1, extendee: 2, number: 3 };
/** Of an enum and of a method alike. */
const Named = { name: 1 };

/**
 * Reads of a FileDescriptorProto what it describes, without decoding it. Undefined where its bytes are no such message,
 * or one that nobody writes: nameless, nested without end, of too many names.
 */
export function describeFile(bytes: Uint8Array): DescribedFile | undefined {
  try {
    const { name, imports, symbols, extensions } = new Reading(bytes);
    return name === "" ? undefined : { name, imports, symbols, extensions };
  } catch {
    return undefined;
  }
}

/** Throws where the bytes are no FileDescriptorProto. */
class Reading implements DescribedFile {
  readonly name: string;
  readonly imports: readonly string[];
  readonly symbols: string[] = [];
  readonly extensions: DescribedExtension[] = [];

  constructor(bytes: Uint8Array) {
    const fields = partsOf(bytes);
    this.name = textOf(fields, File.name);
    this.imports = [...new Set(allOf(fields, File.dependency).map(textForEyes))];
    const scope = textOf(fields, File.package);
    for (const message of allOf(fields, File.message)) this.#addMessage(message, scope, 1);
    for (const service of allOf(fields, File.service)) this.#addService(service, scope);
    for (const named of allOf(fields, File.enum)) this.#add(partsOf(named), scope);
    for (const extension of allOf(fields, File.extension)) this.#addExtension(extension, scope);
  }

  #addMessage(bytes: Uint8Array, scope: string, depth: number): void {
    if (depth > deepest) throw new RangeError("messages nested without end");
    const fields = partsOf(bytes);
    const name = this.#add(fields, scope);
    for (const nested of allOf(fields, Message.nested)) this.#addMessage(nested, name, depth + 1);
    for (const named of allOf(fields, Message.enum)) this.#add(partsOf(named), name);
    for (const extension of allOf(fields, Message.extension)) this.#addExtension(extension, name);
  }

  #addService(bytes: Uint8Array, scope: string): void {
    const fields = partsOf(bytes);
    const name = this.#add(fields, scope);
    for (const method of allOf(fields, Service.method)) this.#add(partsOf(method), name);
  }

  #addExtension(bytes: Uint8Array, scope: string): void {
    const fields = partsOf(bytes);
    this.#add(fields, scope);
    // A name of a type begins with a dot where it is the full one.
    const extended = textOf(fields, Field.extendee).replace(/^\./, "");
    const number = fields.find((field) => field.number === Field.number)?.value ?? 0;
    this.extensions.push({ extended, number });
  }

  #add(fields: readonly Part[], scope: string): string {
    const name = textOf(fields, Named.name);
    const fullName = scope === "" ? name : `${scope}.${name}`;
    if (name === "" || fullName.length > longestName) throw new RangeError("a name that is none");
    if (this.symbols.length === mostNames) throw new RangeError("too many names");
    this.symbols.push(fullName);
    return fullName;
  }
}

/** One field of a message: what was read of it. */
interface Part {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const nothing = new Uint8Array();

function partsOf(message: Uint8Array): Part[] {
  const reader = new BinaryReader(message);
  const parts: Part[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) parts.push({ number, value: 0, bytes: reader.bytes() });
    else if (type === WireType.Varint) parts.push({ number, value: reader.int32(), bytes: nothing });
    else if (type === WireType.Bit32 || type === WireType.Bit64) reader.skip(type);
    else throw new RangeError("descriptors have no groups");
  }
  return parts;
}

function allOf(parts: readonly Part[], number: number): Uint8Array[] {
  return parts.filter((part) => part.number === number).map(({ bytes }) => bytes);
}

/** Of several the last one stands. */
function textOf(parts: readonly Part[], number: number): string {
  const bytes = allOf(parts, number).at(-1);
  return bytes === undefined ? "" : textForEyes(bytes);
}
