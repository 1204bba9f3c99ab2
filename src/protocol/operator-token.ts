/** The request field that shows that an operator may change something, over gRPC as over HTTP. */
export const operatorTokenField = "prism-admin-token";

/** The file in the state directory that has what is shown. */
export const operatorTokenFile = "admin-token";

const form = /^([^\s/]{1,255}:\d{1,5})\/[A-Za-z0-9_-]{43}$/;

/** For which address a token is, such as "127.0.0.1:50052"; undefined where the text is no token. */
export function addressOfToken(token: string): string | undefined {
  return form.exec(token)?.[1];
}
