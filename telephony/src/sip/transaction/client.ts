/** Runs the machine of one request of ours: carries out what it asks for, its ACK and its CANCEL included. */
import { noBody, type SipRequest, type SipResponse } from '../message.js';
import type { Essentials } from '../parse.js';
import type { Hop } from '../ports.js';
import { acknowledgeRefusal } from '../requests.js';
import { serializeMessage } from '../serialize.js';
import { Clock, type Run } from './clock.js';
import { startInviteClient, stepInviteClient, type InviteClient } from './invite-client.js';
import { startNonInviteClient, stepNonInviteClient, type NonInviteClient } from './non-invite-client.js';

import { patience, type Action, type Timer } from './timers.js';

export interface ClientUser {
  onResponse(response: SipResponse, read: Essentials): void;
  /** No final answer came, or nothing could be sent. */
  onFailed(because: 'timeout' | 'transport'): void;
}

/** What the transaction's user holds of it. */
export interface ClientTransaction {
  /** As it went out, our Via on top; once a final answer has come only what the call still asks for (`bare`). */
  readonly request: SipRequest;
  readonly hop: Hop;
  /** The connection that it last went out on, over TCP and TLS. */
  readonly connection: number | null;
  /**
   * INVITE only: asks the far end to stop ringing (RFC 3261 §9.1). Before any answer nobody may be asked, so it waits for one.
   * `onResponse` brings the 487, or the 2xx that crossed it; `onFailed('timeout')` comes when neither does in 64·T1.
   */
  cancel(): void;
}

type AnyClient =
  | { kind: 'invite'; state: InviteClient<Uint8Array> }
  | { kind: 'other'; state: NonInviteClient<Uint8Array> };

export class Client implements ClientTransaction {
  request: SipRequest;
  #hop: Hop;
  readonly #user: ClientUser;
  readonly #run: Run;
  readonly #clock: Clock;
  readonly #ended: () => void;
  #machine: AnyClient | null = null;
  #response: { response: SipResponse; read: Essentials } | null = null;
  /** A final answer came, or none will. */
  settled = false;
  #connection: number | null = null;
  #sentAgain = false;
  #cancelling: 'not' | 'wished' | 'sent' = 'not';
  readonly #sendCancel: () => void;

  constructor(
    run: Run,
    request: SipRequest,
    hop: Hop,
    user: ClientUser,
    layer: { ended(): void; sendCancel(of: ClientTransaction): void },
  ) {
    this.request = request;
    this.#hop = hop;
    this.#user = user;
    this.#run = run;
    this.#clock = new Clock(run.timers);
    this.#ended = () => layer.ended();
    this.#sendCancel = () => layer.sendCancel(this);
  }

  start(): void {
    const bytes = serializeMessage(this.request);
    if (this.request.method === 'INVITE') {
      const [state, actions] = startInviteClient(bytes, this.#run.setting);
      this.#machine = { kind: 'invite', state };
      this.#carryOut(actions);
    } else {
      const [state, actions] = startNonInviteClient(bytes, this.#run.setting);
      this.#machine = { kind: 'other', state };
      this.#carryOut(actions);
    }
  }

  get connection(): number | null {
    return this.#connection;
  }

  get hop(): Hop {
    return this.#hop;
  }

  receive(response: SipResponse, read: Essentials): void {
    this.#response = { response, read };
    if (response.status >= 200) this.settled = true;
    this.#step({ type: 'response', status: response.status });
    this.#response = null; // told; while the transaction lingers it would only be kept
    // The ACK of a refusal is made of the INVITE, each time that the refusal comes.
    if (this.settled && (this.#machine?.kind !== 'invite' || response.status < 300)) this.request = bare(this.request);
    if (this.#cancelling === 'wished') this.cancel();
  }

  cancel(): void {
    if (this.settled || this.#cancelling === 'sent' || this.#machine?.kind !== 'invite') return;
    this.#cancelling = 'wished';
    if (this.#machine.state.status !== 'proceeding') return;
    this.#cancelling = 'sent';
    this.#sendCancel();
    this.#clock.set('B', patience(this.#run.setting.times), () => this.#step({ type: 'given-up' }));
  }

  /** What TCP took is not yet what the far end has read. A copy is harmless there: it has the same branch. */
  connectionClosed(connection: number): void {
    if (this.settled || this.#connection !== connection) return;
    if (this.#sentAgain) return this.#step({ type: 'transport-error' });
    this.#sentAgain = true;
    this.#hop = { ...this.#hop, connection: null };
    this.#send(serializeMessage(this.request));
  }

  stop(): void {
    this.#clock.stop();
  }

  #step(
    input:
      | { type: 'response'; status: number }
      | { type: 'transport-error' }
      | { type: 'given-up' }
      | { type: 'timer'; timer: Timer },
  ): void {
    const machine = this.#machine;
    if (machine === null) return;
    if (machine.kind === 'invite') {
      const [state, actions] = stepInviteClient(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    } else if (input.type !== 'given-up') {
      const [state, actions] = stepNonInviteClient(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    }
  }

  #carryOut(actions: readonly Action<Uint8Array>[]): void {
    for (const action of actions) {
      switch (action.type) {
        case 'send':
          this.#send(action.message);
          break;
        case 'schedule':
          this.#clock.set(action.timer, action.ms, () => this.#step({ type: 'timer', timer: action.timer }));
          break;
        case 'cancel':
          this.#clock.cancel(action.timer);
          break;
        case 'acknowledge':
          if (this.#response !== null) {
            this.#send(serializeMessage(acknowledgeRefusal(this.request, this.#response.response)));
          }
          break;
        case 'pass':
          if (this.#response !== null) this.#user.onResponse(this.#response.response, this.#response.read);
          break;
        case 'failed':
          this.#user.onFailed(action.because);
          break;
        case 'ended':
          this.settled = true;
          this.#clock.stop();
          this.#ended();
          break;
      }
    }
  }

  #send(bytes: Uint8Array): void {
    this.#connection = this.#run.wire.send(this.#hop, bytes, () => this.#step({ type: 'transport-error' }));
  }
}

/**
 * What the ACK of a 2xx takes from its INVITE. The transaction lingers for half a minute after the answer: with its headers it would
 * be the largest thing that is kept of a call.
 */
function bare({ kind, method, uri, headers }: SipRequest): SipRequest {
  const credentials = headers.filter(({ name }) => name === 'authorization' || name === 'proxy-authorization');
  return { kind, method, uri, headers: credentials, body: noBody };
}
