import { hiddenText } from "../../protocol/index.js";

/** Under such a name stands a secret, whatever a plugin calls its settings. */
const secretName =
  /passw|passphrase|pwd|pgpass|secret|token|credential|auth|cookie|session|signature|bearer|dsn|salt|(private|api|access|account|shared|signing|encryption)[_-]?key/i;
/** A URL's scheme, and the rest of it. The scheme is bounded, or a long text without one would be looked through again and again. */
const url = /([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"'<>]+)/gi;
/** A text that is one URL, in whose password anything may stand. */
const onlyUrl = /^(\s*[a-z][a-z0-9+.-]{0,30}:\/\/)(.*)$/is;
const assignment =
  /\b([\w-]{0,40}(?:passw|pwd|secret|token|credential|api_?key|private_?key)[\w-]{0,40})=("[^"]*"|'[^']*'|[^\s&;,"']+)/gi;
const bearer = /\b(bearer|basic) +([^\s"',;]+)/gi;

/** Whether what stands under a key is a secret by the key's name. */
export function isSecretName(key: string): boolean {
  return secretName.test(key);
}

/** A text without what may be a secret in it: userinfo and query of URLs, `password=…`, and what follows `Bearer`. */
export function hideSecretsIn(text: string): string {
  return text
    .replace(onlyUrl, (_, scheme: string, rest: string) => scheme + withoutUser(rest))
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

/** The secrets in a text of which {@link hideSecretsIn} would show only the rest: passwords of URLs, `password=…`, and what follows `Bearer`. */
export function secretsIn(text: string): string[] {
  const [, , whole = ""] = onlyUrl.exec(text) ?? [];
  const passwords = [whole, ...Array.from(text.matchAll(url), ([, , rest = ""]) => rest)].map(passwordOf);
  const assigned = Array.from(text.matchAll(assignment), ([, , value = ""]) => unquoted(value));
  const borne = Array.from(text.matchAll(bearer), ([, , value = ""]) => value);
  return [...passwords, ...assigned, ...borne].flatMap((secret) => [secret, decoded(secret)]);
}

/** What stands between the first colon and the last @; a name alone is no secret. */
function passwordOf(rest: string): string {
  const at = rest.lastIndexOf("@");
  const colon = rest.indexOf(":");
  return at < 0 || colon < 0 || colon > at ? "" : rest.slice(colon + 1, at);
}

function unquoted(value: string): string {
  return /^["']/.test(value) ? value.slice(1, -1) : value;
}

/** As a driver tells it, which has read the URL. */
function decoded(coded: string): string {
  try {
    return decodeURIComponent(coded);
  } catch {
    return coded;
  }
}
