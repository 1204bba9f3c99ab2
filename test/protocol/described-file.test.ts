import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { file_prism_keyvalue_v1_keyvalue } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { describeFile } from "../../src/protocol/index.js";

type File = MessageInitShape<typeof FileDescriptorProtoSchema>;
type Message = NonNullable<File["messageType"]>[number];

const encode = (file: File): Uint8Array =>
  toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, file));

/** So many messages, one within the other. */
function nested(depth: number): Message {
  return { name: "M", ...(depth > 1 ? { nestedType: [nested(depth - 1)] } : {}) };
}

describe("a file's descriptor", () => {
  test("tells the names of all that it describes", () => {
    const bytes = encode({
      name: "acme/a.proto",
      package: "acme.v1",
      dependency: ["b.proto", "c.proto", "b.proto"],
      messageType: [
        {
          name: "Outer",
          field: [{ name: "field", number: 1 }],
          nestedType: [{ name: "Inner", enumType: [{ name: "Kind", value: [{ name: "ONE", number: 1 }] }] }],
          extension: [{ name: "within", extendee: ".acme.v1.Outer", number: 101 }],
        },
      ],
      enumType: [{ name: "Colour" }],
      service: [{ name: "Invoices", method: [{ name: "Pay" }, { name: "Void" }] }],
      extension: [{ name: "more", extendee: ".google.protobuf.FieldOptions", number: 50_001 }],
    });

    expect(describeFile(bytes)).toEqual({
      name: "acme/a.proto",
      imports: ["b.proto", "c.proto"],
      symbols: [
        "acme.v1.Outer",
        "acme.v1.Outer.Inner",
        "acme.v1.Outer.Inner.Kind",
        "acme.v1.Outer.within",
        "acme.v1.Invoices",
        "acme.v1.Invoices.Pay",
        "acme.v1.Invoices.Void",
        "acme.v1.Colour",
        "acme.v1.more",
      ],
      extensions: [
        { extended: "acme.v1.Outer", number: 101 },
        { extended: "google.protobuf.FieldOptions", number: 50_001 },
      ],
    });
  });

  test("needs no package", () => {
    const bytes = encode({ name: "a.proto", messageType: [{ name: "Plain" }] });

    expect(describeFile(bytes)?.symbols).toEqual(["Plain"]);
  });

  const useless: Readonly<Record<string, Uint8Array>> = {
    "no bytes": new Uint8Array(),
    "no name": encode({ package: "acme" }),
    "a message without a name": encode({ name: "a.proto", messageType: [{}] }),
    "a name without end": encode({ name: "a.proto", messageType: [{ name: "M".repeat(1000) }] }),
    "messages nested without end": encode({ name: "a.proto", messageType: [nested(33)] }),
    "a field that claims more than there is": Buffer.from([0x0a, 100, 1]),
    "a group": Buffer.concat([encode({ name: "a.proto" }), Buffer.alloc(100_000, 0x0b)]),
  };

  test.each(Object.keys(useless))("with %s is none", (what) => {
    expect(describeFile(useless[what] ?? new Uint8Array())).toBeUndefined();
  });

  test("nested as deep as compilers go is read", () => {
    expect(describeFile(encode({ name: "a.proto", messageType: [nested(32)] }))?.symbols).toHaveLength(32);
  });

  test("of any bytes at all is read or is none, and never a crash", () => {
    const good = toBinary(FileDescriptorProtoSchema, file_prism_keyvalue_v1_keyvalue.proto);
    const changed = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 })
      .map((changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });

    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const file = describeFile(bytes);
        if (file) expect(file.name).not.toBe("");
      }),
      { numRuns: 500 },
    );
  });

  test("is read as the whole decoder reads it", () => {
    const bytes = toBinary(FileDescriptorProtoSchema, file_prism_keyvalue_v1_keyvalue.proto);
    const whole = fromBinary(FileDescriptorProtoSchema, bytes);

    const file = describeFile(bytes);

    expect(file?.name).toBe(whole.name);
    expect(file?.imports).toEqual(whole.dependency);
    expect(file?.symbols).toEqual(
      expect.arrayContaining(whole.messageType.map(({ name }) => `${whole.package}.${name}`)),
    );
  });
});
