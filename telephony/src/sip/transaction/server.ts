/** Runs the machine of one request that came to us: carries out what it asks for. */
import type { SipRequest, SipResponse } from '../message.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import type { Arrival, Hop } from '../ports.js';
import { serializeMessage } from '../serialize.js';
import { answerPlace, stampVia, type Via } from '../via.js';
import { Clock, type Run } from './clock.js';
import { startInviteServer, stepInviteServer, type InviteServer } from './invite-server.js';
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

type ServerInput =
  | { type: 'request-again' }
  | { type: 'ack' }
  | { type: 'transport-error' }
  | { type: 'timer'; timer: Timer };

type AnyServer =
  | { kind: 'invite'; state: InviteServer<Uint8Array> }
  | { kind: 'other'; state: NonInviteServer<Uint8Array> };

/**
 * What the layer keeps of a request that came to us. It lingers for half a minute after its answer, six hundred calls a second
 * are twenty thousand of it: so it lets go of the request and of whoever answered it as soon as nothing can be told any more.
 */
export class Server {
  /** Only an INVITE can be cancelled. */
  readonly mark: InviteMark | null;
  readonly #machine: AnyServer;
  readonly #run: Run;
  readonly #clock: Clock;
  readonly #hop: Hop;
  readonly #ended: () => void;
  #user: Asked | null;

  constructor(run: Run, request: SipRequest, read: Essentials, arrival: Arrival, ended: () => void) {
    const invite = request.method === 'INVITE';
    this.mark = invite ? markOf(read) : null;
    this.#run = run;
    this.#clock = new Clock(run.timers);
    this.#ended = ended;
    this.#machine = invite
      ? { kind: 'invite', state: startInviteServer<Uint8Array>(run.setting)[0] }
      : { kind: 'other', state: startNonInviteServer<Uint8Array>(run.setting)[0] };
    const asked = new Asked(this, request, read, arrival, this.mark);
    this.#user = asked;
    this.#hop = hopOfAnswer(asked.via, arrival);
  }

  /** Null once it can be told nothing any more. */
  get user(): ServerTransaction | null {
    return this.#user;
  }

  /** Not waiting for the ACK of a refusal. */
  get settled(): boolean {
    return this.#machine.kind !== 'invite' || this.#machine.state.status !== 'completed';
  }

  respond(response: SipResponse): void {
    const input = { type: 'respond', status: response.status, response: serializeMessage(response) } as const;
    const machine = this.#machine;
    if (machine.kind === 'invite') {
      const [state, actions] = stepInviteServer(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    } else {
      const [state, actions] = stepNonInviteServer(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    }
    if (this.#tellsNothing) this.#user = null;
  }

  again(): void {
    this.#step({ type: 'request-again' });
  }

  ack(): boolean {
    const machine = this.#machine;
    if (machine.kind !== 'invite' || machine.state.status === 'accepted') return false;
    this.#step({ type: 'ack' });
    return true;
  }

  stop(): void {
    this.#clock.stop();
  }

  /** Only an INVITE's user hears of failures, and only before a 2xx and until the ACK of a refusal. */
  get #tellsNothing(): boolean {
    const { kind, state } = this.#machine;
    if (kind === 'other') return state.status === 'completed' || state.status === 'ended';
    return state.status !== 'proceeding' && state.status !== 'completed';
  }

  #step(input: ServerInput): void {
    const machine = this.#machine;
    if (machine.kind === 'invite') {
      const [state, actions] = stepInviteServer(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    } else if (input.type !== 'ack') {
      const [state, actions] = stepNonInviteServer(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    }
    if (this.#tellsNothing) this.#user = null;
  }

  #carryOut(actions: readonly Action<Uint8Array>[]): void {
    for (const action of actions) {
      if (action.type === 'send') {
        this.#run.wire.send(this.#hop, action.message, () => this.#step({ type: 'transport-error' }));
      } else if (action.type === 'schedule') {
        this.#clock.set(action.timer, action.ms, () => this.#step({ type: 'timer', timer: action.timer }));
      } else if (action.type === 'cancel') this.#clock.cancel(action.timer);
      else if (action.type === 'ended') {
        this.#clock.stop();
        this.#ended();
      } else if (action.type === 'failed') this.#user?.onFailed?.(action.because);
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
  // The socket's own text where it says the same: the other is a piece of the message, and would keep the whole of it.
  return { transport, connection, address: address === arrival.address ? arrival.address : address, port };
}
