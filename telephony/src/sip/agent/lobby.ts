/** The far ends whose address is on no list and who are let speak all the same: guests with a password, and calls left to us. */
import type { SipEndpointHandlers } from '../contract.js';
import type { SipRequest } from '../message.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import type { Chance, SipLog } from '../ports.js';
import type { TransactionLayer } from '../transaction/layer.js';
import type { InviteMark, ServerTransaction } from '../transaction/server.js';
import type { Door } from './door.js';
import { Guests, type GuestVerdict } from './guests.js';

export class Lobby {
  readonly #guests: Guests | null;
  readonly #door: Door;
  readonly #layer: TransactionLayer;
  readonly #now: () => number;
  /** What takes back the welcome of a call's far end, by the call's key. */
  readonly #welcomed = new Map<string, () => void>();
  /** Whose an INVITE is that was let in. */
  readonly #owners = new WeakMap<InviteMark, { trunk: string; address: string }>();

  constructor(options: {
    guests: NonNullable<SipEndpointHandlers['guests']> | null;
    door: Door;
    layer: TransactionLayer;
    now(): number;
    chance: Chance;
    log: SipLog;
  }) {
    const { guests, door, layer, chance, log } = options;
    this.#guests = guests === null ? null : new Guests({ ...guests, chance, log });
    this.#door = door;
    this.#layer = layer;
    this.#now = () => options.now();
  }

  /** Somebody there has proven who they are, not long ago. */
  knows(address: string): boolean {
    return this.#guests?.knows(address, this.#now()) === true;
  }

  /** Only an INVITE that opens a call is ever asked for a password. */
  judge(request: SipRequest, read: Essentials, address: string): GuestVerdict {
    const isCall = request.method === 'INVITE' && tagOf(read.to) === null;
    return (isCall ? this.#guests?.judge(request, address, this.#now()) : undefined) ?? { let: 'out' };
  }

  /** Copies of an INVITE that was let in, its CANCEL and the ACK of its refusal carry no password that could be judged again. */
  ownerOf(request: SipRequest, read: Essentials, address: string): string | null {
    if (this.#guests === null || !['INVITE', 'ACK', 'CANCEL'].includes(request.method)) return null;
    const invite = this.#layer.cancelled(request, read);
    const owner = invite === null ? undefined : this.#owners.get(invite);
    return owner?.address === address ? owner.trunk : null;
  }

  /** An INVITE that was let in has become a call. */
  admit(transaction: ServerTransaction, trunk: string, key: string): void {
    const { address } = transaction.arrival;
    if (transaction.mark !== null) this.#owners.set(transaction.mark, { trunk, address });
    this.welcome(key, address);
  }

  /** For as long as the call lives, its far end may speak within it. */
  welcome(key: string, address: string): void {
    this.#welcomed.set(key, this.#door.expect(address));
  }

  leave(key: string): void {
    this.#welcomed.get(key)?.();
    this.#welcomed.delete(key);
  }
}
