/** Header fields by their names in lower case. Their values are Prism's own, never a client's bytes. */
export type Fields = Readonly<Record<string, string>>;

/** What every answer says: no browser takes a stored value, or anything else, for what its type does not say. */
export const everyAnswer = { "x-content-type-options": "nosniff" } as const satisfies Fields;
