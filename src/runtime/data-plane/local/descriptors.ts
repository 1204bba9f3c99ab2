import { type DescribedFile, describeFile } from "../../../protocol/index.js";

/** A proto file that can be told of. */
export interface DescriptorFile extends DescribedFile {
  /** Its google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** Reads descriptors; bytes that describe nothing are left out. */
export function readFiles(descriptors: readonly Uint8Array[]): DescriptorFile[] {
  return descriptors.flatMap((bytes) => {
    const file = describeFile(bytes);
    return file ? [{ ...file, bytes }] : [];
  });
}

/** Descriptors of proto files, to be found by what they describe. Of two that describe the same the first stands. */
export class Descriptors {
  readonly #files = new Map<string, DescriptorFile>();
  readonly #bySymbol = new Map<string, DescriptorFile>();
  readonly #extensions = new Map<string, Map<number, DescriptorFile>>();

  readonly #beside: Descriptors | undefined;

  /** Files may import those that lie `beside` as well. */
  constructor(files: Iterable<DescriptorFile>, beside?: Descriptors) {
    this.#beside = beside;
    for (const file of files) this.#add(file);
  }

  /** The file of that name. */
  named(name: string): DescriptorFile | undefined {
    return this.#files.get(name);
  }

  /** The file that describes a message, an enum, a service, a method or an extension, by its full name. */
  describing(symbol: string): DescriptorFile | undefined {
    return this.#bySymbol.get(symbol);
  }

  /** The file that adds a field to a message. */
  extending(message: string, number: number): DescriptorFile | undefined {
    return this.#extensions.get(message)?.get(number);
  }

  /** The numbers of the fields that are added to a message. */
  extensionsOf(message: string): number[] {
    return [...(this.#extensions.get(message)?.keys() ?? [])];
  }

  /**
   * A file's descriptor and those of all that it imports, but for those that have been `sent`, to which it adds them.
   * The file itself is always among them.
   */
  withImports(file: DescriptorFile, sent: Set<string>): Uint8Array[] {
    const files = new Set([file]);
    // A set hears of what is added while it is walked, and takes nothing twice: imports in a circle come to an end.
    for (const { imports } of files) {
      for (const name of imports) {
        const imported = sent.has(name) ? undefined : (this.named(name) ?? this.#beside?.named(name));
        if (imported) files.add(imported);
      }
    }
    for (const { name } of files) sent.add(name);
    return [...files].map(({ bytes }) => bytes);
  }

  #add(file: DescriptorFile): void {
    if (this.#files.has(file.name)) return;
    this.#files.set(file.name, file);
    for (const symbol of file.symbols) if (!this.#bySymbol.has(symbol)) this.#bySymbol.set(symbol, file);
    for (const { extended, number } of file.extensions) {
      const numbers = this.#extensions.get(extended) ?? new Map<number, DescriptorFile>();
      this.#extensions.set(extended, numbers);
      if (!numbers.has(number)) numbers.set(number, file);
    }
  }
}
