/** What stands for a secret in a declaration that is shown. */
export const hiddenText = "(hidden)";

/** A URL's scheme, and the rest of it. The scheme is bounded, or a long text without one would be looked through again and again. */
const url = /([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"'<>]+)/gi;
const assignment =
  /\b([\w-]{0,40}(?:passw|pwd|secret|token|credential|api_?key|private_?key)[\w-]{0,40})=("[^"]*"|'[^']*'|[^\s&;,"']+)/gi;
const bearer = /\b(bearer|basic) +[^\s"',;]+/gi;

/** A text without what may be a secret in it: userinfo and query of URLs, `password=…`, and what follows `Bearer`. */
export function hideSecretsIn(text: string): string {
  return text
    .replace(url, (_, scheme: string, rest: string) => scheme + withoutQuery(withoutUser(rest)))
    .replace(assignment, `$1=${hiddenText}`)
    .replace(bearer, `$1 ${hiddenText}`);
}

/** Whether a text holds what {@link hideSecretsIn} puts in a secret's place. */
export function holdsHidden(text: string): boolean {
  return text === hiddenText || /(?::\/\/|:|[?=]|bearer |basic )\(hidden\)/i.test(text);
}

/** A password may hold an @ itself. */
function withoutUser(rest: string): string {
  const at = rest.lastIndexOf("@");
  return at < 0 ? rest : hiddenText + rest.slice(at);
}

function withoutQuery(rest: string): string {
  const query = rest.indexOf("?");
  return query < 0 ? rest : rest.slice(0, query + 1) + hiddenText;
}
