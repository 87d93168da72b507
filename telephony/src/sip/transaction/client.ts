/** Runs the machine of one request of ours: carries out what it asks for, its ACK and its CANCEL included. */
import { header, noBody, type SipRequest, type SipResponse } from '../message.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import type { Hop, Wire } from '../ports.js';
import { acknowledgeRefusal } from '../requests.js';
import { serializeMessage } from '../serialize.js';
import { Timed, type Alarms } from './alarms.js';
import { startInviteClient, stepInviteClient, type InviteClient, type InviteClientInput } from './invite-client.js';
import { startNonInviteClient, stepNonInviteClient, type NonInviteClient } from './non-invite-client.js';
import { patience, type Action, type Setting, type Timer } from './timers.js';

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

/** What a transaction needs of its surroundings. */
export interface Run {
  readonly wire: Wire;
  readonly alarms: Alarms;
  readonly setting: Setting;
}

/** Where it is kept. */
export interface ClientHome {
  ended(client: Client): void;
  sendCancel(client: Client): void;
}

/** It lingers for half a minute after its answer: what it holds is as little as that takes. */
export class Client extends Timed implements ClientTransaction {
  request: SipRequest;
  hop: Hop;
  /** The connection that it last went out on, over TCP and TLS. */
  connection: number | null = null;
  readonly branch: string;
  /** A final answer came, or none will. */
  settled = false;
  protected readonly run: Run;
  private readonly home: ClientHome;
  private user: ClientUser | null;
  private invite: InviteClient<string> | null = null;
  private other: NonInviteClient<string> | null = null;
  private response: SipResponse | null = null;
  private read: Essentials | null = null;
  private sentAgain = false;
  private cancelling: 'not' | 'wished' | 'sent' = 'not';
  /** By which an answer is known; `request` may be bare by then. */
  private readonly callId: string;
  private readonly from: string;

  constructor(run: Run, request: SipRequest, branch: string, hop: Hop, user: ClientUser, home: ClientHome) {
    super();
    this.run = run;
    this.request = request;
    this.branch = branch;
    this.hop = hop;
    this.user = user;
    this.home = home;
    this.callId = header(request, 'call-id') ?? '';
    this.from = header(request, 'from') ?? '';
  }

  start(): void {
    const text = serializeMessage(this.request);
    if (this.request.method === 'INVITE') this.become(startInviteClient(text, this.run.setting));
    else this.becomeOther(startNonInviteClient(text, this.run.setting));
  }

  /** A branch is enough to find us (§17.1.3); an answer that bends the rest would have us speak within a dialog of nobody's. */
  isAnsweredBy({ callId, from }: Essentials): boolean {
    return callId === this.callId && this.from.endsWith(`;tag=${tagOf(from) ?? ''}`);
  }

  receive(response: SipResponse, read: Essentials): void {
    this.response = response;
    this.read = read;
    if (response.status >= 200) this.settled = true;
    this.step({ type: 'response', status: response.status });
    // Told; while the transaction lingers they would only be kept.
    this.response = null;
    this.read = null;
    if (this.settled) {
      // The ACK of a refusal is made of the INVITE, each time that the refusal comes. Of a 2xx each copy is told. In the wrong
      // order a 180 or 200 may come between two refusals.
      if (this.invite?.status !== 'completed') this.request = bare(this.request);
      if (this.invite === null || this.invite.status !== 'accepted') this.user = null;
    }
    if (this.cancelling === 'wished') this.cancel();
  }

  cancel(): void {
    if (this.settled || this.cancelling === 'sent' || this.invite === null) return;
    this.cancelling = 'wished';
    if (this.invite.status !== 'proceeding') return;
    this.cancelling = 'sent';
    this.home.sendCancel(this);
    this.schedule('B', patience(this.run.setting.times));
  }

  /** What TCP took is not yet what the far end has read. A copy is harmless there: it has the same branch. */
  connectionClosed(connection: number): void {
    if (this.settled || this.connection !== connection) return;
    if (this.sentAgain) return this.step({ type: 'transport-error' });
    this.sentAgain = true;
    this.hop = { ...this.hop, connection: null };
    this.send(serializeMessage(this.request));
  }

  rung(timer: Timer): void {
    // While the INVITE of a CANCEL is waited for, its machine has no timer of that name.
    if (timer === 'B' && this.cancelling === 'sent') this.step({ type: 'given-up' });
    else this.step({ type: 'timer', timer });
  }

  private step(input: InviteClientInput): void {
    if (this.invite !== null) this.become(stepInviteClient(this.invite, input));
    else if (this.other !== null && input.type !== 'given-up') this.becomeOther(stepNonInviteClient(this.other, input));
  }

  private become([state, actions]: [InviteClient<string>, readonly Action<string>[]]): void {
    this.invite = state;
    for (const action of actions) this.carryOut(action);
  }

  private becomeOther([state, actions]: [NonInviteClient<string>, readonly Action<string>[]]): void {
    this.other = state;
    for (const action of actions) this.carryOut(action);
  }

  private carryOut(action: Action<string>): void {
    switch (action.type) {
      case 'send':
        return this.send(action.message);
      case 'schedule':
        return this.schedule(action.timer, action.ms);
      case 'cancel':
        return this.cancelTimer(action.timer);
      case 'acknowledge':
        if (this.response !== null) this.send(serializeMessage(acknowledgeRefusal(this.request, this.response)));
        return;
      case 'pass':
        if (this.response !== null && this.read !== null) this.user?.onResponse(this.response, this.read);
        return;
      case 'failed':
        return this.user?.onFailed(action.because);
      case 'ended':
        this.settled = true;
        this.stop();
        return this.home.ended(this);
    }
  }

  private send(text: string): void {
    this.connection = this.run.wire.send(this.hop, text, () => this.step({ type: 'transport-error' }));
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
