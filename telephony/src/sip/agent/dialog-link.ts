/** A dialog and the way to its far end: requests of ours in it (RFC 3261 §12.2.1), with a password if one is asked for. */
import { Authorizer, type Credentials } from '../digest/authorizer.js';
import { acknowledgement, requestInDialog, type Dialog } from '../dialog.js';
import { noBody, toWire, type SipHeader, type SipRequest, type SipResponse } from '../message.js';
import type { Essentials } from '../parse.js';
import { nothing, type Arrival, type Hop } from '../ports.js';
import type { AgentCore } from './core.js';
import { placeOf, Way } from './way.js';

export interface Asked {
  cseq: number;
  /** The ACK of an INVITE carries those of the INVITE (§22.1). */
  credentials: readonly SipHeader[];
}

export interface Question {
  method: string;
  headers?: readonly SipHeader[];
  body?: string;
  /** The final answer; of an INVITE each copy of a 2xx too. */
  onFinal(response: SipResponse, read: Essentials, asked: Asked): void;
  onFailed(because: 'timeout' | 'transport'): void;
}

type Core = Pick<AgentCore, 'chance' | 'log' | 'timers' | 'sendRequest' | 'sendAck' | 'locate' | 'isAt'>;

/** Nothing at all was heard from a place that a name led to. Whoever is there and slow is asked twice, under two numbers. */
const silentMs = 4_000;

export class DialogLink {
  dialog: Dialog;
  /** Where the far end's latest request came from, or its first answer. */
  peer: Arrival;
  readonly #core: Core;
  readonly trunk: string;
  readonly #credentials: Credentials | null;
  readonly #way: Way;
  #authorizer: Authorizer | null = null;
  /** Whom the authorizer has to do with: what one hop asked for is told to no other. */
  #authorizedFor = '';

  /** @param credentials told to the trunk alone: a Contact may name anybody */
  constructor(core: Core, dialog: Dialog, peer: Arrival, trunk: string, credentials: Credentials | null) {
    this.#core = core;
    this.dialog = dialog;
    this.peer = peer;
    this.trunk = trunk;
    this.#credentials = credentials;
    this.#way = new Way(core);
  }

  moveTo(dialog: Dialog, peer: Arrival): void {
    this.dialog = dialog;
    this.peer = peer;
  }

  /**
   * Goes to the far end by its way, and to the next hop of it when nobody is at one (RFC 3263 §4.3).
   *
   * @param tried places where nobody was
   * @returns what gives an INVITE up (§9.1): its outcome is told as ever
   */
  ask(question: Question, tried: readonly string[] = []): () => void {
    const { method, headers = [], body = noBody } = question;
    const [dialog, bare] = requestInDialog(this.dialog, method, headers, body);
    this.dialog = dialog;
    let unwanted = false;
    let cancel = nothing;
    this.#way.find(dialog, this.peer, (hops) => {
      const left = hops.filter((hop) => !tried.includes(placeOf(hop)));
      const [hop = hops[0]] = left;
      const authorizer = this.#authorizerFor(hop);
      const credentials = authorizer.headersFor(bare);
      const asked: Asked = { cseq: dialog.localCseq, credentials };
      if (credentials.length > 0) bare.headers.push(...credentials);
      let passed = false;
      const next = () => {
        passed = true;
        sent.cancel();
        cancel = this.ask(question, [...tried, placeOf(hop)]);
      };
      const calm = left.length > 1 ? this.#core.timers.after(silentMs, next) : nothing;
      const sent = this.#core.sendRequest(bare, hop, {
        onResponse: (response, read) => {
          calm();
          // Nobody waits for a late yes, and yet it is to be acknowledged (§13.2.2.4).
          if (passed) return void (method === 'INVITE' && isYes(response) && this.acknowledge(asked));
          if (hops.length > 1) this.#way.prefer(hop);
          if (response.status < 200) return;
          const again = !unwanted && authorizer.learn(response) && authorizer === this.#authorizer;
          if (again) cancel = this.ask(question, tried);
          else question.onFinal(response, read, asked);
        },
        onFailed: (because) => {
          calm();
          if (passed) return;
          if (left.length > 1 && !unwanted) next();
          else question.onFailed(because);
        },
      });
      cancel = () => sent.cancel();
      if (unwanted) cancel();
    });
    return () => {
      unwanted = true;
      cancel();
    };
  }

  /** @param cause becomes a Reason header */
  bye(cause: string): void {
    this.ask({
      method: 'BYE',
      headers: [{ name: 'reason', value: reasonHeader(cause) }],
      onFinal: nothing,
      onFailed: (because) => this.#core.log.debug({ because }, 'sip: BYE was not answered'),
    });
  }

  /**
   * Sends the ACK of a 2xx. A copy of the 2xx says that it was not heard: it goes to the next hop then, where there are several.
   *
   * @returns what sends it again, for each further copy of the 2xx (§13.2.2.4)
   */
  acknowledge({ cseq, credentials }: Asked): () => void {
    const ack = acknowledgement(this.dialog, cseq, credentials);
    const sending: { again: (() => void) | null } = { again: null };
    this.#way.find(this.dialog, this.peer, (hops) => {
      sending.again = hops.length === 1 ? this.#core.sendAck(ack, hops[0]) : this.#sendInTurn(ack, hops);
    });
    // It lingers for as long as the INVITE's transaction, most often with nothing but the text of the ACK.
    return sending.again ?? (() => sending.again?.());
  }

  #sendInTurn(ack: SipRequest, hops: readonly [Hop, ...Hop[]]): () => void {
    let at = 0;
    this.#core.sendAck(ack, hops[0]);
    return () => {
      at = (at + 1) % hops.length;
      const hop = hops[at] ?? hops[0];
      this.#way.prefer(hop);
      this.#core.sendAck(ack, hop);
    };
  }

  #authorizerFor({ transport, address, port }: Hop): Authorizer {
    if (this.#authorizer !== null && address === this.#authorizedFor) return this.#authorizer;
    const isTheirs = address === this.peer.address || this.#core.isAt(this.trunk, { transport, address, port });
    this.#authorizedFor = address;
    this.#authorizer = new Authorizer(isTheirs ? this.#credentials : null, this.#core.chance);
    return this.#authorizer;
  }
}

const isYes = ({ status }: SipResponse): boolean => status >= 200 && status < 300;

/** A ready Reason value is passed on; other words become the text of an ordinary clearing (RFC 3326). */
export function reasonHeader(cause: string): string {
  const words = toWire(cause).slice(0, 200);
  if (/^(?:SIP|Q\.850)\s*;/i.test(words)) return words;
  return `Q.850;cause=16;text="${words.replace(/["\\]/g, '')}"`;
}
