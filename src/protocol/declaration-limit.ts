/** The largest configuration, or text to apply, that is read, in bytes: room for some ten thousand namespaces. */
export const largestDeclaration = 8 * 1024 * 1024;
