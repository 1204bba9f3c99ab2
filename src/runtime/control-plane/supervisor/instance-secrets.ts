import { createHmac, randomBytes } from "node:crypto";
import { nothingHidden } from "../../../protocol/index.js";
import { unlessAborted } from "../../channel/index.js";
import type { Namespace } from "../../model/namespace.js";
import { secretTexts } from "../common/secret-texts.js";

/** What an instance was told that nobody else may hear. */
export class InstanceSecrets {
  readonly #namespace: Namespace;
  readonly #lookUp: (namespace: Namespace) => Promise<Namespace>;
  /** What the plugin says must not give away what it was told. */
  #hidden = nothingHidden;
  /** So that secrets can be told apart later without being kept. */
  readonly #fingerprintKey = randomBytes(32);
  #fingerprint = "";

  constructor(namespace: Namespace, lookUp: (namespace: Namespace) => Promise<Namespace>) {
    this.#namespace = namespace;
    this.#lookUp = lookUp;
  }

  /** The settings with their secrets, to start the instance with. */
  async resolve(signal: AbortSignal): Promise<Namespace> {
    const settings = await this.#resolve(signal);
    this.#fingerprint = this.#fingerprintOf(settings);
    this.#hidden = secretTexts(this.#namespace, settings);
    return settings;
  }

  /** The plugin has told where in its config secrets stand. */
  mark(settings: Namespace, places: readonly string[] | undefined): void {
    this.#hidden = secretTexts(this.#namespace, settings, places);
  }

  /**
   * Looks them up again: a fingerprint of theirs where they are others than the instance was started with, else
   * undefined. It was not told these, so it can give away the others only.
   */
  async renewed(signal: AbortSignal): Promise<string | undefined> {
    const fingerprint = this.#fingerprintOf(await this.#resolve(signal));
    return fingerprint === this.#fingerprint ? undefined : fingerprint;
  }

  /** The texts that nobody may hear. */
  get texts(): readonly string[] {
    return this.#hidden.texts;
  }

  /** A text without them. */
  hide(text: string): string {
    return this.#hidden.hide(text);
  }

  async #resolve(signal: AbortSignal): Promise<Namespace> {
    const slow = (): string =>
      `the secrets of namespace "${this.#namespace.name}" did not come in time: look after their provider`;
    return await unlessAborted(this.#lookUp(this.#namespace), signal, slow);
  }

  #fingerprintOf({ config, credentials, plugin }: Namespace): string {
    const { env, token } = plugin;
    const text = JSON.stringify([config, credentials, env, token]);
    return createHmac("sha256", this.#fingerprintKey).update(text).digest("hex");
  }
}
