/** Runs the machine of one request that came to us: carries out what it asks for. */
import type { SipRequest, SipResponse } from '../message.js';
import type { Essentials } from '../parse.js';
import type { Arrival, Hop } from '../ports.js';
import { serializeMessage } from '../serialize.js';
import { answerPlace, stampVia, type Via } from '../via.js';
import { Clock, type Run } from './clock.js';
import { startInviteServer, stepInviteServer, type InviteServer } from './invite-server.js';
import { startNonInviteServer, stepNonInviteServer, type NonInviteServer } from './non-invite-server.js';
import type { Action, Timer } from './timers.js';

/** A request that came to us, to be answered. */
export interface ServerTransaction {
  readonly request: SipRequest;
  readonly read: Essentials;
  readonly arrival: Arrival;
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

export class Server implements ServerTransaction {
  readonly request: SipRequest;
  readonly read: Essentials;
  readonly arrival: Arrival;
  readonly via: Via;
  onFailed: ServerTransaction['onFailed'] = null;
  answered = false;
  readonly #machine: AnyServer;
  readonly #run: Run;
  readonly #clock: Clock;
  readonly #hop: Hop;
  readonly #ended: () => void;

  constructor(run: Run, request: SipRequest, read: Essentials, arrival: Arrival, ended: () => void) {
    this.request = request;
    this.read = read;
    this.arrival = arrival;
    this.via = stampVia(read.via, arrival);
    this.#run = run;
    this.#clock = new Clock(run.timers);
    this.#hop = hopOfAnswer(this.via, arrival);
    this.#ended = ended;
    this.#machine =
      request.method === 'INVITE'
        ? { kind: 'invite', state: startInviteServer<Uint8Array>(run.setting)[0] }
        : { kind: 'other', state: startNonInviteServer<Uint8Array>(run.setting)[0] };
  }

  /** Not waiting for the ACK of a refusal. */
  get settled(): boolean {
    return this.#machine.kind !== 'invite' || this.#machine.state.status !== 'completed';
  }

  respond(response: SipResponse): void {
    this.answered = true;
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
      } else if (action.type === 'failed') this.onFailed?.(action.because);
    }
  }
}

export function hopOfAnswer(via: Via, arrival: Arrival): Hop {
  const { transport, connection } = arrival;
  return { transport, connection, ...answerPlace(via) };
}
