/** One place at which a call of ours rings (RFC 3261 §13.2.2.1): its dialog, and its reliable answers (RFC 3262 §4). */
import type { SdpAudio } from '../../sdp/contract.js';
import { header, headerTokens, type SipResponse } from '../message.js';
import { parseNumber } from '../syntax.js';
import { sessionOf } from './body.js';
import type { DialogLink } from './dialog-link.js';
import { Session, type BeforeAnswer, type SessionParts } from './session.js';
import type { AgentCore } from './core.js';

export class EarlyDialog implements BeforeAnswer {
  readonly session: Session;
  /** Where the far end hears us, once it has said so. */
  audio: SdpAudio | null = null;
  readonly #link: DialogLink;
  readonly #inviteCseq: number;
  #rseq: number | null = null;

  constructor(core: AgentCore, inviteCseq: number, parts: Omit<SessionParts, 'early' | 'weCalled'>) {
    this.#link = parts.link;
    this.#inviteCseq = inviteCseq;
    const { id, trunk, link, teller, call } = parts;
    this.session = new Session(core, { id, trunk, link, teller, call, weCalled: true, early: this });
  }

  get unsettled(): 'ours' | null {
    return this.audio === null ? 'ours' : null;
  }

  /** Who is called declines instead; a BYE of theirs ends nothing that we have. */
  onBye(): void {}

  /**
   * Takes note of a provisional answer, and acknowledges a reliable one.
   *
   * @returns false for a copy, and for one that overtook another: that one will come again
   */
  hear(response: SipResponse): boolean {
    const reliable = headerTokens(response, 'require').includes('100rel');
    const rseq = reliable ? parseNumber((header(response, 'rseq') ?? '').trim(), 2 ** 32 - 1) : null;
    if (rseq !== null) {
      if (this.#rseq !== null && rseq !== this.#rseq + 1) return false;
      this.#rseq = rseq;
      const rack = { name: 'rack', value: `${rseq} ${this.#inviteCseq} INVITE` };
      this.#link.ask({ method: 'PRACK', headers: [rack], onFinal() {}, onFailed() {} });
    }
    this.session.heed(response);
    const session = sessionOf(response);
    if (session !== null && session.ok) this.audio = session.audio;
    return true;
  }
}
