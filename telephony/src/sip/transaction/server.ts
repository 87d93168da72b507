/** Runs the machine of one request that came to us: carries out what it asks for. */
import type { SipRequest, SipResponse } from '../message.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import type { Arrival, Hop } from '../ports.js';
import { serializeMessage } from '../serialize.js';
import { answerPlace, stampVia, type Via } from '../via.js';
import { Timed } from './alarms.js';
import type { Run } from './client.js';
import { startInviteServer, stepInviteServer, type InviteServer, type InviteServerInput } from './invite-server.js';
import { startNonInviteServer, stepNonInviteServer, type NonInviteServer } from './non-invite-server.js';
import type { Action, Timer } from './timers.js';

/** What an INVITE shares with its CANCEL (§9.2) and with a copy of it that took another way (§8.2.2.2). */
export interface InviteMark {
  /** From tag, Call-ID and CSeq; not the branch. */
  readonly key: string;
}

/** A request that came to us, to be answered. */
export interface ServerTransaction {
  readonly request: SipRequest;
  readonly read: Essentials;
  readonly arrival: Arrival;
  /** Of an INVITE. */
  readonly mark: InviteMark | null;
  /** The topmost Via stamped with the source: what every answer carries. */
  readonly via: Via;
  /** True when anything was sent, 100 included. */
  readonly answered: boolean;
  respond(response: SipResponse): void;
  /** INVITE only: told when the ACK of a refusal never came, or nothing could be sent. */
  onFailed: ((because: 'timeout' | 'transport') => void) | null;
}

/** Where it is kept. */
export interface ServerHome {
  ended(server: Server): void;
}

/**
 * What the layer keeps of a request that came to us. It lingers for half a minute after its answer, six hundred calls a second
 * are twenty thousand of it: so it lets go of the request and of whoever answered it as soon as nothing can be told any more.
 */
export class Server extends Timed {
  readonly key: string;
  /** Only an INVITE can be cancelled. */
  readonly mark: InviteMark | null;
  /** Null once it can be told nothing any more. */
  user: ServerTransaction | null;
  protected readonly run: Run;
  private readonly home: ServerHome;
  private readonly hop: Hop;
  private invite: InviteServer<string> | null;
  private other: NonInviteServer<string> | null;

  constructor(run: Run, key: string, request: SipRequest, read: Essentials, arrival: Arrival, home: ServerHome) {
    super();
    const invite = request.method === 'INVITE';
    this.run = run;
    this.key = key;
    this.home = home;
    this.mark = invite ? markOf(read) : null;
    this.invite = invite ? startInviteServer<string>(run.setting)[0] : null;
    this.other = invite ? null : startNonInviteServer<string>(run.setting)[0];
    const asked = new Asked(this, request, read, arrival, this.mark);
    this.user = asked;
    this.hop = hopOfAnswer(asked.via, arrival);
  }

  /** Not waiting for the ACK of a refusal. */
  get settled(): boolean {
    return this.invite?.status !== 'completed';
  }

  respond(response: SipResponse): void {
    this.step({ type: 'respond', status: response.status, response: serializeMessage(response) });
  }

  requestAgain(): void {
    this.step({ type: 'request-again' });
  }

  ack(): boolean {
    if (this.invite === null || this.invite.status === 'accepted') return false;
    this.step({ type: 'ack' });
    return true;
  }

  rung(timer: Timer): void {
    this.step({ type: 'timer', timer });
  }

  private step(input: InviteServerInput<string>): void {
    if (this.invite !== null) {
      const [state, actions] = stepInviteServer(this.invite, input);
      this.invite = state;
      for (const action of actions) this.carryOut(action);
      // Its user hears of failures, and only before a 2xx and until the ACK of a refusal.
      const { status } = this.invite;
      if (status !== 'proceeding' && status !== 'completed') this.user = null;
    } else if (this.other !== null && input.type !== 'ack') {
      const [state, actions] = stepNonInviteServer(this.other, input);
      this.other = state;
      for (const action of actions) this.carryOut(action);
      const { status } = this.other;
      if (status === 'completed' || status === 'ended') this.user = null;
    }
  }

  private carryOut(action: Action<string>): void {
    switch (action.type) {
      case 'send':
        this.run.wire.send(this.hop, action.message, () => this.step({ type: 'transport-error' }));
        return;
      case 'schedule':
        return this.schedule(action.timer, action.ms);
      case 'cancel':
        return this.cancelTimer(action.timer);
      case 'failed':
        return this.user?.onFailed?.(action.because);
      case 'ended':
        this.stop();
        return this.home.ended(this);
      default:
    }
  }
}

/** A request with all that came with it, for whoever answers it. */
class Asked implements ServerTransaction {
  readonly request: SipRequest;
  readonly read: Essentials;
  readonly arrival: Arrival;
  readonly mark: InviteMark | null;
  readonly via: Via;
  onFailed: ServerTransaction['onFailed'] = null;
  answered = false;
  readonly #server: Server;

  constructor(server: Server, request: SipRequest, read: Essentials, arrival: Arrival, mark: InviteMark | null) {
    this.#server = server;
    this.request = request;
    this.read = read;
    this.arrival = arrival;
    this.mark = mark;
    this.via = stampVia(read.via, arrival);
  }

  respond(response: SipResponse): void {
    this.answered = true;
    this.#server.respond(response);
  }
}

const markOf = ({ from, callId, cseq }: Essentials): InviteMark => ({
  key: `${tagOf(from) ?? ''}\n${callId}\n${cseq.number}`,
});

export function hopOfAnswer(via: Via, arrival: Arrival): Hop {
  const { transport, connection } = arrival;
  const { address, port } = answerPlace(via);
  // Most often it is the very place, and what the socket says is kept once for all: the other text would keep the whole message.
  if (address === arrival.address) return port === arrival.port ? arrival : { ...arrival, port };
  return { transport, connection, address, port };
}
