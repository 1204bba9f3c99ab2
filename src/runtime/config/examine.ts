import type { z } from "zod";
import type { Namespace, Owner } from "../model/namespace.js";
import { checkDeclaredPlugins, checkNamespaceCode } from "./check-code.js";
import { findShapeProblems } from "./check-shape.js";
import {
  checkAddresses,
  checkBackOff,
  checkClientAuth,
  checkCors,
  checkHidden,
  checkNames,
  checkReferences,
  checkSecretProviders,
} from "./checks.js";
import type { DeclaredPlugin } from "./config.js";
import { ExaminedDocument } from "./examined-document.js";
import { findLaterKeys } from "./later-keys.js";
import type { NamespaceEntry } from "./namespace-schema.js";
import type { Surroundings } from "./plugin-code.js";
import { ConfigProblems } from "./problems.js";
import { toNamespace } from "./to-namespace.js";
import { readYaml } from "./yaml-document.js";

/** A text to examine, and what it may refer to. */
export interface Examination<Schema extends z.ZodType> extends Surroundings {
  readonly text: string;
  /** What to call the text in problems. */
  readonly source: string;
  readonly schema: Schema;
  /** Plugins declared elsewhere, that namespaces may name. */
  readonly plugins: readonly DeclaredPlugin[];
  readonly ownerAt: (line: number) => Owner;
}

/** A text without problems. */
export interface Examined<Entry> {
  readonly entry: Entry;
  /** It says nothing at all: no key, only comments perhaps. */
  readonly isEmpty: boolean;
  readonly plugins: readonly DeclaredPlugin[];
  readonly namespaces: readonly Namespace[];
}

/**
 * Reads a text and checks it in every way; throws {@link ConfigProblems} with all problems of all checks at once. The
 * checks across keys run on what the text holds and not on what the schema makes of it, for a schema with one wrong
 * field makes nothing.
 */
export function examine<Entry extends { namespaces?: readonly NamespaceEntry[] | null | undefined }>(
  examination: Examination<z.ZodType<Entry>>,
): Examined<Entry> {
  const { source, schema, directory } = examination;
  const document = new ExaminedDocument(readYaml(examination.text));
  if (!document.isReadable) document.throwIfWrong(source);

  const shape = schema.safeParse(document.value);
  if (!shape.success) document.tell(findShapeProblems(shape.error, document.value));
  document.tell(findLaterKeys(document.value));
  checkReferences(document);
  checkHidden(document);
  checkAddresses(document, directory);
  checkCors(document);
  checkClientAuth(document);
  checkSecretProviders(document);
  checkNames(document, "plugins");
  checkNames(document, "namespaces");
  checkBackOff(document);
  const plugins = [...checkDeclaredPlugins(document, examination), ...examination.plugins];
  const code = checkNamespaceCode(document, { ...examination, plugins });
  document.throwIfWrong(source);
  if (!shape.success) throw new ConfigProblems([]);

  const namespaces = (shape.data.namespaces ?? []).flatMap((entry, index) => {
    const found = code.get(index);
    const owner = examination.ownerAt(document.lineOf("namespaces", index, "name"));
    return found === undefined ? [] : [toNamespace(entry, found, owner)];
  });
  return { entry: shape.data, isEmpty: document.value === null, plugins, namespaces };
}
