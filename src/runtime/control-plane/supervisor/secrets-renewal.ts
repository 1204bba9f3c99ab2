import { PrismError } from "../../../protocol/index.js";
import type { HealthReport } from "../../channel/index.js";
import type { Log } from "../../model/log.js";
import type { PluginInstance } from "./plugin-instance.js";

/** What a renewal needs of the namespace. */
export interface RenewalNeighbours {
  readonly log: Log;
  /** Replaces the instance by one that gets the secrets as they are now, as a reload does. */
  readonly replace: () => Promise<unknown>;
}

/**
 * Secrets change while an instance runs: where its backend refuses what it was given they are looked up again, and if
 * they are others by now, it is replaced. Each outcome of a look-up is tried once.
 */
export class SecretsRenewal {
  readonly #near: RenewalNeighbours;
  #isBusy = false;
  /** What was tried, by the fingerprint of the instance that it was to replace. */
  #tried = "";

  constructor(near: RenewalNeighbours) {
    this.#near = near;
  }

  /** Takes note of a health report of the instance that serves. Never rejects. */
  async heed(instance: PluginInstance, { credentialsRefused }: HealthReport): Promise<void> {
    if (!credentialsRefused || this.#isBusy) return;
    this.#isBusy = true;
    const where = { namespace: instance.namespace.name, instance: instance.id };
    try {
      const secrets = await instance.newSecrets();
      if (secrets === undefined || secrets === this.#tried) return;
      this.#tried = secrets;
      this.#near.log.info("the backend refuses the credentials, and the secrets are others now", where);
      await this.#near.replace();
    } catch (reason) {
      const why = PrismError.from(reason).message;
      this.#near.log.warn("an instance could not be given the secrets as they are now", {
        ...where,
        reason: why,
      });
    } finally {
      this.#isBusy = false;
    }
  }
}
