/** A dialog and the way to its far end: requests of ours in it (RFC 3261 §12.2.1), with a password if one is asked for. */
import { Authorizer, type Credentials } from '../digest/authorizer.js';
import { requestInDialog, type Dialog } from '../dialog.js';
import { noBody, toWire, type SipHeader, type SipResponse } from '../message.js';
import { hopOf } from '../next-hop.js';
import type { Essentials } from '../parse.js';
import type { Arrival, Hop } from '../ports.js';
import type { AgentCore } from './core.js';

export interface Asked {
  cseq: number;
  /** The ACK of an INVITE carries those of the INVITE (§22.1). */
  credentials: readonly SipHeader[];
}

export interface Question {
  method: string;
  headers?: readonly SipHeader[];
  body?: Uint8Array;
  /** The final answer; of an INVITE each copy of a 2xx too. */
  onFinal(response: SipResponse, read: Essentials, asked: Asked): void;
  onFailed(because: 'timeout' | 'transport'): void;
}

type Core = Pick<AgentCore, 'chance' | 'log' | 'sendRequest' | 'sendAck'>;

export class DialogLink {
  dialog: Dialog;
  /** Where the far end's latest request came from, or its first answer. */
  peer: Arrival;
  readonly #core: Core;
  readonly #credentials: Credentials | null;
  #authorizer: Authorizer;
  /** Whom the authorizer has to do with: what one hop asked for is told to no other. */
  #authorizedFor = '';

  constructor(core: Core, dialog: Dialog, peer: Arrival, credentials: Credentials | null) {
    this.#core = core;
    this.dialog = dialog;
    this.peer = peer;
    this.#credentials = credentials;
    this.#authorizer = new Authorizer(credentials, core.chance);
  }

  moveTo(dialog: Dialog, peer: Arrival): void {
    this.dialog = dialog;
    this.peer = peer;
  }

  /** @returns what gives an INVITE up (§9.1): its outcome is told as ever */
  ask(question: Question): () => void {
    const { method, headers = [], body = noBody } = question;
    const hop = this.#hop();
    const [dialog, bare] = requestInDialog(this.dialog, method, headers, body);
    this.dialog = dialog;
    const authorizer = this.#authorizerFor(hop);
    const credentials = authorizer.headersFor(bare);
    const asked: Asked = { cseq: dialog.localCseq, credentials };
    let unwanted = false;
    let cancel = (): void => sent.cancel();
    if (credentials.length > 0) bare.headers.push(...credentials);
    const sent = this.#core.sendRequest(bare, hop, {
      onResponse: (response, read) => {
        if (response.status < 200) return;
        if (!unwanted && authorizer.learn(response) && authorizer === this.#authorizer) cancel = this.ask(question);
        else question.onFinal(response, read, asked);
      },
      onFailed: (because) => question.onFailed(because),
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
      onFinal: () => {},
      onFailed: (because) => this.#core.log.debug({ because }, 'sip: BYE was not answered'),
    });
  }

  /** Sends the ACK of a 2xx. @returns what sends it again, for each further copy of the 2xx (§13.2.2.4) */
  acknowledge({ cseq, credentials }: Asked): () => void {
    const [, ack] = requestInDialog({ ...this.dialog, localCseq: cseq }, 'ACK', credentials);
    return this.#core.sendAck(ack, this.#hop());
  }

  #hop(): Hop {
    return hopOf(this.dialog, this.peer, this.peer.connection);
  }

  #authorizerFor({ address }: Hop): Authorizer {
    if (address !== this.#authorizedFor) this.#authorizer = new Authorizer(this.#credentials, this.#core.chance);
    this.#authorizedFor = address;
    return this.#authorizer;
  }
}

/** A ready Reason value is passed on; other words become the text of an ordinary clearing (RFC 3326). */
export function reasonHeader(cause: string): string {
  const words = toWire(cause).slice(0, 200);
  if (/^(?:SIP|Q\.850)\s*;/i.test(words)) return words;
  return `Q.850;cause=16;text="${words.replace(/["\\]/g, '')}"`;
}
