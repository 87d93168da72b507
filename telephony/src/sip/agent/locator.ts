/**
 * Looks up the hosts that far ends name within a call (RFC 3263), for as long as a call can wait for it. What comes of it is
 * bounded: how many at a time, how long, and where the name may lead (`mayBeSentTo`).
 */
import type { SipEndpointHandlers, SipSource } from '../contract.js';
import { mayBeSentTo, type NamedHop } from '../next-hop.js';
import type { Hop, Timers } from '../ports.js';
import type { Place, Target } from '../resolve.js';

/** Places in the order to try them; none when there are none, or DNS does not say. Called once, at once or later. */
export type FindPlaces = (target: Target, found: (places: readonly Place[]) => void) => void;

/** Whoever answers 200 waits for our ACK, and begins to repeat itself after half a second. */
const waitMs = 2_000;
/** Names of far ends that are asked for at one time; beyond it requests go where the far end was last heard. */
const askedMax = 100;

export interface LocatorOptions {
  find: FindPlaces | null;
  timers: Timers;
  handlers: Pick<SipEndpointHandlers, 'tlsPeerOf'>;
}

export class Locator {
  readonly #options: LocatorOptions;
  readonly #waiting = new Set<() => void>();
  #whenIdle: (() => void) | null = null;

  constructor(options: LocatorOptions) {
    this.#options = options;
  }

  /** @param source where the far end that named it is heard */
  locate(named: NamedHop, source: SipSource, found: (hops: readonly Hop[]) => void): void {
    const { find, timers } = this.#options;
    if (find === null || this.#waiting.size >= askedMax) return found([]);
    let settled = false;
    const settle = (hops: readonly Hop[]) => {
      if (settled) return;
      settled = true;
      stop();
      found(hops);
      this.#noticeIdle();
    };
    const cancel = timers.after(waitMs, () => settle([]));
    const stop = () => {
      cancel();
      this.#waiting.delete(stop);
    };
    this.#waiting.add(stop);
    find(named, (places) => {
      if (this.#waiting.has(stop)) settle(this.#allowed(places, named, source));
    });
  }

  /** Calls back once nothing is being looked up. */
  whenIdle(call: () => void): void {
    this.#whenIdle = call;
    this.#noticeIdle();
  }

  /** Nobody is told any more. */
  stop(): void {
    for (const stop of [...this.#waiting]) stop();
  }

  /** The place that the far end is heard from comes first: DNS names it, and somebody is there. */
  #allowed(places: readonly Place[], { host, transport }: NamedHop, source: SipSource): Hop[] {
    // RFC 5922 §4: the certificate is that of the name in the address, and never of what DNS made of it.
    const tls = { ca: null, verify: true, ...this.#options.handlers.tlsPeerOf?.(source.address), name: host };
    return places
      .filter((place) => place.transport === transport && mayBeSentTo(place.address, source.address))
      .sort((a, b) => Number(b.address === source.address) - Number(a.address === source.address))
      .map((place) => ({ ...place, connection: null, ...(transport === 'tls' ? { tls } : {}) }));
  }

  #noticeIdle(): void {
    if (this.#waiting.size > 0) return;
    const call = this.#whenIdle;
    this.#whenIdle = null;
    call?.();
  }
}
