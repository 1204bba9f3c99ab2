import type { DescEnum, DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";

/** A message as commands print it and `--json` shows it: numbers for int64, words for enums ("health check"). */
export type Plain<T> = T extends bigint
  ? number
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in Exclude<keyof T, "$typeName" | "$unknown">]: Plain<T[Key]> }
      : T extends number
        ? // An enum, written as text, is one of a few numbers.
          `${number}` extends `${T}`
          ? number
          : string
        : T;

/** Makes a message plain. Every field is there, messages that are not set excepted. */
export function plain<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): Plain<MessageShape<Desc>> {
  return plainMessage(reflect(schema, message)) as Plain<MessageShape<Desc>>;
}

function plainMessage(message: ReflectMessage): Record<string, unknown> {
  const told = message.fields.filter((field) => field.fieldKind !== "message" || message.isSet(field));
  return Object.fromEntries(told.map((field) => [field.localName, plainField(message, field)]));
}

function plainField(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case "message":
      return plainMessage(message.get(field));
    case "enum":
      return word(field.enum, message.get(field));
    case "list": {
      const items = [...message.get(field)];
      return field.listKind === "message" ? items.map((item) => plainMessage(item as ReflectMessage)) : items;
    }
    default: {
      const value: unknown = message.get(field);
      return typeof value === "bigint" ? Number(value) : value;
    }
  }
}

function word({ value, sharedPrefix = "" }: DescEnum, number: number): string {
  const name = value[number]?.name.slice(sharedPrefix.length) ?? String(number);
  return name.toLowerCase().replaceAll("_", " ");
}
