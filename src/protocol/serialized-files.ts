import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Proto files, and those that they import, each once, as server reflection tells them. */
export function serializedFiles(files: readonly DescFile[]): Uint8Array[] {
  const all = new Map<string, Uint8Array>();
  const add = (file: DescFile): void => {
    const { name } = file.proto;
    if (all.has(name)) return;
    all.set(name, toBinary(FileDescriptorProtoSchema, file.proto));
    file.dependencies.forEach(add);
  };
  files.forEach(add);
  return [...all.values()];
}
