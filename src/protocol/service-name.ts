/** The longest name of a service that is taken. */
export const longestServiceName = 255;

const fullName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/**
 * Whether a text is the full name of a gRPC service that a plugin may serve, such as "acme.billing.v1.Invoices". Names
 * under `prism.` are Prism's own.
 */
export function isServiceOfPlugins(name: string): boolean {
  return name.length <= longestServiceName && fullName.test(name) && !name.startsWith("prism.");
}
