/** What stands in a secret's place wherever something is shown. */
export const hiddenText = "(hidden)";

/** Shorter ones stand in ordinary words. */
const shortest = 4;

/** Texts that must not be told, and takes them out of what is. */
export class HiddenTexts {
  /** Those that are looked for, as they were given. */
  readonly texts: readonly string[];
  readonly #forms: readonly string[];

  /** Texts under 4 characters are left out; each is hidden as it is, and as URLs and JSON write it. */
  constructor(texts: Iterable<string>) {
    this.texts = [...new Set(texts)].filter((text) => text.length >= shortest);
    const forms = this.texts.flatMap((text) => [
      text,
      encodeURIComponent(Buffer.from(text).toString()),
      JSON.stringify(text).slice(1, -1),
    ]);
    // The longest first: one may hold another.
    this.#forms = [...new Set(forms)].sort((one, other) => other.length - one.length);
  }

  /** The sentence, with every such text in it hidden; the same string where there is none. */
  hide(sentence: string): string {
    return this.#forms.reduce((told, form) => told.replaceAll(form, hiddenText), sentence);
  }
}

/** Hides nothing: where nothing is known to be a secret. */
export const nothingHidden = new HiddenTexts([]);
