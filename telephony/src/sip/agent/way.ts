/**
 * The way from us to the far end of a dialog: one hop where figures say it, several where a host is named. Where the far end was
 * last heard is always among them: somebody is there, whatever its name leads to.
 */
import type { Dialog } from '../dialog.js';
import { nextHop } from '../next-hop.js';
import type { Arrival, Hop } from '../ports.js';
import type { AgentCore } from './core.js';

type Use = (hops: readonly [Hop, ...Hop[]]) => void;

export class Way {
  readonly #core: Pick<AgentCore, 'locate'>;
  /** What a name led to; kept for as long as the far end names it. */
  #known: { key: string; hops: readonly Hop[] } | null = null;
  /** Requests that wait for a look-up, in their order. */
  #waiting: { key: string; uses: ((found: readonly Hop[]) => void)[] } | null = null;
  #preferred = '';

  constructor(core: Pick<AgentCore, 'locate'>) {
    this.#core = core;
  }

  /** @param use is given the hops in the order to try them: at once, or when a name was looked up */
  find(dialog: Dialog, peer: Arrival, use: Use): void {
    const { hop: heardAt, named } = nextHop(dialog, peer, peer.connection);
    if (named === null) return use([heardAt]);
    const key = `${named.transport} ${named.host}:${named.port} ${peer.address}`;
    const give = (found: readonly Hop[]) => use(this.#ordered(found, heardAt));
    if (this.#known?.key === key) return give(this.#known.hops);
    if (this.#waiting?.key === key) return void this.#waiting.uses.push(give);
    const waiting = { key, uses: [give] };
    this.#waiting = waiting;
    this.#core.locate(named, peer, (found) => {
      if (this.#waiting === waiting) this.#waiting = null;
      if (found.length > 0) this.#known = { key, hops: found };
      for (const one of waiting.uses) one(found);
    });
  }

  /** The next request goes there first. */
  prefer(hop: Hop): void {
    this.#preferred = placeOf(hop);
  }

  #ordered(found: readonly Hop[], heardAt: Hop): [Hop, ...Hop[]] {
    const others = found
      .filter((hop) => placeOf(hop) !== placeOf(heardAt))
      // A connection of the dialog's serves for whatever goes by its transport.
      .map((hop) => (hop.transport === heardAt.transport ? { ...hop, connection: heardAt.connection } : hop));
    const isFirst = found.length > others.length || placeOf(heardAt) === this.#preferred;
    if (isFirst) return [heardAt, ...others];
    others.sort((a, b) => Number(placeOf(b) === this.#preferred) - Number(placeOf(a) === this.#preferred));
    const [first = heardAt, ...rest] = others;
    return first === heardAt ? [heardAt] : [first, ...rest, heardAt];
  }
}

export const placeOf = ({ transport, address, port }: Hop): string => `${transport} ${address} ${port}`;
