import { z } from "zod";
import { configSchema } from "../../src/runtime/config/config-schema.js";

/** A key of prism.yaml as the schema knows it. */
export interface SchemaKey {
  /** "namespaces[].plugin.type" */
  readonly key: string;
  readonly hasDefault: boolean;
  readonly default: unknown;
  readonly isRequired: boolean;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly required?: readonly string[];
  readonly default?: unknown;
}

/** Every key of the schema that is no mere section. */
export function schemaKeys(): SchemaKey[] {
  // The only way into a zod schema that is documented.
  const root = z.toJSONSchema(configSchema, { io: "output", unrepresentable: "any" }) as SchemaNode;
  return keysWithin(root, "");
}

function keysWithin(node: SchemaNode, path: string): SchemaKey[] {
  const { properties = {}, required = [] } = withProperties(node) ?? {};
  return Object.entries(properties).flatMap(([name, inner]) => {
    const key = path === "" ? name : `${path}.${name}`;
    if (withProperties(inner)) return keysWithin(inner, key);
    const entries = listOf(inner)?.items;
    if (entries && withProperties(entries)) return keysWithin(entries, `${key}[]`);
    const hasDefault = "default" in inner;
    return [{ key, hasDefault, default: inner.default, isRequired: required.includes(name) && !hasDefault }];
  });
}

function withProperties(node: SchemaNode): SchemaNode | undefined {
  return [node, ...(node.anyOf ?? [])].find(({ properties }) => properties);
}

function listOf(node: SchemaNode): SchemaNode | undefined {
  return [node, ...(node.anyOf ?? [])].find(({ items }) => items);
}
