/** What is decided at the door: who may come in, how often, and what whoever may not is told. Nothing is remembered of a request. */
import type { SipHeader, SipRequest } from '../message.js';
import type { Arrival, SipLog, Wire } from '../ports.js';
import { responseTo } from '../responses.js';
import { serializeMessage } from '../serialize.js';
import { hopOfAnswer } from '../transaction/server.js';
import { stampVia, type Via } from '../via.js';
import type { AgentLimits } from './limits.js';
import { RateLimiter } from './rate-limiter.js';

export interface DoorOptions {
  wire: Wire;
  now(): number;
  log: SipLog;
  limits: AgentLimits;
}

export class Door {
  readonly #options: DoorOptions;
  readonly #invites: RateLimiter;
  readonly #refusals: RateLimiter;
  readonly #allRefusals: RateLimiter;
  readonly #strangers: RateLimiter;
  /** Addresses that calls of ours have to do with, and how many do. */
  readonly #farEnds = new Map<string, number>();

  constructor(options: DoorOptions) {
    this.#options = options;
    const { refusals, refusalsPerSource, invitesPerSecond, strangerLogMs } = options.limits;
    this.#invites = new RateLimiter({ perSecond: invitesPerSecond, burst: invitesPerSecond * 2 });
    this.#refusals = new RateLimiter({ perSecond: refusalsPerSource, burst: refusalsPerSource * 5 });
    this.#allRefusals = new RateLimiter({ perSecond: refusals, burst: refusals * 2 });
    this.#strangers = new RateLimiter({ perSecond: 1_000 / strangerLogMs, burst: 1 });
  }

  /** One more call from there. */
  mayInvite(address: string): boolean {
    return this.#invites.take(address, this.#options.now());
  }

  /** One more answer to a stranger. */
  mayRefuse({ transport, address }: Arrival): boolean {
    const now = this.#options.now();
    if (this.#strangers.take(address, now)) {
      this.#options.log.warn({ transport, address }, 'sip: requests from an unknown source are refused');
    }
    return this.#refusals.take(address, now) && this.#allRefusals.take('', now);
  }

  /** Is a call of ours going on there? */
  expects(address: string): boolean {
    return this.#farEnds.has(address);
  }

  /** @returns what takes it back */
  expect(address: string): () => void {
    this.#farEnds.set(address, (this.#farEnds.get(address) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const left = (this.#farEnds.get(address) ?? 1) - 1;
      if (left > 0) this.#farEnds.set(address, left);
      else this.#farEnds.delete(address);
    };
  }

  /** What came over UDP may bear a forged address: nobody must get more from us than was sent in their name. */
  refuse(request: SipRequest, via: Via, arrival: Arrival, bytesIn: number): void {
    this.answer(request, via, arrival, 403, [], arrival.transport === 'udp' ? bytesIn : Infinity);
  }

  /**
   * Asks for a password. This is longer than a refusal, so over UDP it is at most twice what came, and within the rate of refusals:
   * whose address was forged gets that much in their name and no more.
   */
  challenge(request: SipRequest, via: Via, arrival: Arrival, headers: readonly SipHeader[], bytesIn: number): void {
    this.answer(request, via, arrival, 401, headers, arrival.transport === 'udp' ? bytesIn * 2 : Infinity);
  }

  /** Without a transaction: the tag is the same for each copy of the request (§8.2.7), and its ACK is nobody's. */
  answer(
    request: SipRequest,
    via: Via,
    arrival: Arrival,
    status: number,
    headers: readonly SipHeader[] = [],
    bytesMax = Infinity,
  ): void {
    const stamped = stampVia(via, arrival);
    const response = serializeMessage(responseTo(request, stamped, status, null, { toTag: 'stateless', headers }));
    if (response.length > bytesMax) return;
    this.#options.wire.send(hopOfAnswer(stamped, arrival), response, () => {});
  }
}
