/**
 * Provisional answers that arrive for certain, as the side that is called (RFC 3262 §3): each is repeated until its PRACK, one after
 * the other.
 */
import { header, type SipHeader, type SipRequest } from '../message.js';
import { parseNumber } from '../syntax.js';
import { AnswerRepeater } from './answer-repeater.js';
import type { AgentCore } from './core.js';

export class ReliableAnswers {
  readonly #core: AgentCore;
  readonly #inviteCseq: number;
  readonly #givenUp: () => void;
  #rseq: number;
  #pending: { rseq: number; repeater: AnswerRepeater } | null = null;

  /** @param givenUp no PRACK came in 64·T1: nobody hears us */
  constructor(core: AgentCore, inviteCseq: number, givenUp: () => void) {
    this.#core = core;
    this.#inviteCseq = inviteCseq;
    this.#givenUp = givenUp;
    this.#rseq = core.upTo(2 ** 20);
  }

  /** @param respond sends the answer with these headers @returns false when the one before is still to be acknowledged */
  send(respond: (headers: readonly SipHeader[]) => void): boolean {
    if (this.#pending !== null) return false;
    const rseq = ++this.#rseq;
    const headers: SipHeader[] = [
      { name: 'require', value: '100rel' },
      { name: 'rseq', value: String(rseq) },
    ];
    const repeater = new AnswerRepeater(
      this.#core.timers,
      this.#core.times,
      () => respond(headers),
      () => this.#givenUp(),
      Infinity,
    );
    this.#pending = { rseq, repeater };
    respond(headers);
    return true;
  }

  /** @returns the status that answers the PRACK */
  prack(request: SipRequest): number {
    const [rseq = '', cseq = '', method = ''] = (header(request, 'rack') ?? '').trim().split(/[ \t]+/);
    const number = parseNumber(rseq, 2 ** 32 - 1);
    if (number === null || parseNumber(cseq, 2 ** 31 - 1) === null) return 400;
    const pending = this.#pending;
    const mine = method === 'INVITE' && Number(cseq) === this.#inviteCseq;
    if (pending === null || !mine || number !== pending.rseq) return 481;
    pending.repeater.stop();
    this.#pending = null;
    return 200;
  }

  /** After a final answer nothing provisional goes out; a PRACK that crossed it is still welcome. */
  stop(): void {
    this.#pending?.repeater.stop();
  }
}
