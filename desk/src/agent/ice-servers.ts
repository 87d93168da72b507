/**
 * What the line's connection may go through: the company's TURN servers with credentials of one's own, kept in memory for half of
 * their life. Without an answer the line is tried with what is known, and without a relay: on the LAN that is all it needs.
 */
import type { IceServers } from '@denwaban/core/wire';

export interface IceOptions {
  ask(): Promise<IceServers>;
  /** Milliseconds that never go back: the server says how long, not until when, for clocks of desks are wrong. */
  monotonic(): number;
  /** Resolves after `ms`. */
  pause(ms: number): Promise<void>;
}

/** A line is wanted now: longer than this it does not wait for an answer. */
const waitMsMax = 1_500;
/** A server started with other settings is noticed after this, at the next line. */
const keepMsMax = 10 * 60_000;

export class IceServerList {
  readonly #options: IceOptions;
  #known: { configuration: RTCConfiguration; freshUntil: number; goodUntil: number } | null = null;
  #asking: Promise<void> | null = null;

  constructor(options: IceOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async configuration(): Promise<RTCConfiguration> {
    const { monotonic, pause } = this.#options;
    if (this.#known === null || monotonic() >= this.#known.freshUntil) {
      this.#asking ??= this.#ask().finally(() => (this.#asking = null));
      await Promise.race([this.#asking, pause(waitMsMax)]);
    }
    return this.#known !== null && monotonic() < this.#known.goodUntil ? this.#known.configuration : { iceServers: [] };
  }

  async #ask(): Promise<void> {
    const asked = this.#options.monotonic();
    try {
      const { iceServers, policy, validMs } = await this.#options.ask();
      this.#known = {
        configuration: { iceServers, iceTransportPolicy: policy },
        freshUntil: asked + Math.min(keepMsMax, (validMs ?? Number.POSITIVE_INFINITY) / 2),
        goodUntil: asked + (validMs ?? Number.POSITIVE_INFINITY),
      };
    } catch {
      // Not signed in, or no network: the connection to the server says so to the person, in its own words.
    }
  }
}
