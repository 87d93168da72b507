/**
 * Runs the four machines: finds the transaction of a message, carries out what its machine asks for, keeps its timers.
 * Knows nothing of calls.
 */
import type { Arrival, Hop, Timers, Wire } from '../ports.js';
import type { SipRequest, SipResponse } from '../message.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import { acknowledgeRefusal } from '../requests.js';
import { serializeMessage } from '../serialize.js';
import { answerPlace, branchOf, formatVia, stampVia, type Via } from '../via.js';
import { startInviteClient, stepInviteClient, type InviteClient } from './invite-client.js';
import { startInviteServer, stepInviteServer, type InviteServer } from './invite-server.js';
import { startNonInviteClient, stepNonInviteClient, type NonInviteClient } from './non-invite-client.js';
import { startNonInviteServer, stepNonInviteServer, type NonInviteServer } from './non-invite-server.js';
import { rfcTimers, type Action, type Setting, type Timer, type TimerValues } from './timers.js';

export interface ClientUser {
  onResponse(response: SipResponse, read: Essentials): void;
  /** No final answer came, or nothing could be sent. */
  onFailed(because: 'timeout' | 'transport'): void;
}

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

export interface LayerPorts {
  wire: Wire;
  timers: Timers;
  times?: TimerValues;
}

export class TransactionLayer {
  readonly #wire: Wire;
  readonly #timers: Timers;
  readonly #times: TimerValues;
  readonly #servers = new Map<string, Server>();
  readonly #clients = new Map<string, Client>();
  #onSettled: (() => void) | null = null;

  constructor(ports: LayerPorts) {
    this.#wire = ports.wire;
    this.#timers = ports.timers;
    this.#times = ports.times ?? rfcTimers;
  }

  get count(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** Feeds a request. Null: it was a copy, or the ACK of a refusal, and has been dealt with. */
  receive(request: SipRequest, read: Essentials, arrival: Arrival): ServerTransaction | null {
    const key = serverKey(request, read, request.method);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      known.again();
      return null;
    }
    const server = new Server(this.#run(arrival.transport), request, read, arrival, () => {
      this.#servers.delete(key);
      this.#noticeSettled();
    });
    this.#servers.set(key, server);
    return server;
  }

  /** Is this a copy of a request that we already have? */
  knows(request: SipRequest, read: Essentials): boolean {
    return this.#servers.has(serverKey(request, read, request.method));
  }

  /** @returns true when an INVITE transaction took the ACK; an ACK of a 2xx is for the dialog */
  receiveAck(request: SipRequest, read: Essentials): boolean {
    const taken = this.#servers.get(serverKey(request, read, 'INVITE'))?.ack() ?? false;
    if (taken) this.#noticeSettled();
    return taken;
  }

  /** The INVITE that a CANCEL means (§9.2). */
  cancelled(request: SipRequest, read: Essentials): ServerTransaction | null {
    return this.#servers.get(serverKey(request, read, 'INVITE')) ?? null;
  }

  /** @returns false when it answers nothing of ours */
  receiveResponse(response: SipResponse, read: Essentials): boolean {
    const client = this.#clients.get(`${branchOf(read.via) ?? ''}\n${read.cseq.method}`);
    client?.receive(response, read);
    this.#noticeSettled();
    return client !== undefined;
  }

  /** Sends a request whose topmost Via is `via`, and sees it through. */
  send(request: SipRequest, via: Via, hop: Hop, user: ClientUser): void {
    const whole: SipRequest = {
      ...request,
      headers: [{ name: 'via', value: formatVia(via) }, ...request.headers],
    };
    const key = `${branchOf(via) ?? ''}\n${request.method}`;
    const client = new Client(this.#run(hop.transport), whole, hop, user, () => {
      this.#clients.delete(key);
      this.#noticeSettled();
    });
    this.#clients.set(key, client);
    client.start();
  }

  /**
   * Calls back once every request of ours has its final answer, and every refusal of ours its ACK, or was given up; at once
   * when nothing is open. Transactions that only linger to absorb copies do not count: they would make a quiet stop take half
   * a minute.
   */
  whenSettled(call: () => void): void {
    this.#onSettled = call;
    this.#noticeSettled();
  }

  /** A TCP connection is gone: what was sent on it and has no answer yet goes out once more, on a new one. */
  connectionClosed(connection: number): void {
    for (const client of this.#clients.values()) client.connectionClosed(connection);
  }

  /** Forgets everything and stops every timer. */
  close(): void {
    for (const server of this.#servers.values()) server.stop();
    for (const client of this.#clients.values()) client.stop();
    this.#servers.clear();
    this.#clients.clear();
    this.#noticeSettled();
  }

  #run(transport: 'udp' | 'tcp'): Run {
    const setting = { reliable: transport === 'tcp', times: this.#times };
    return { wire: this.#wire, timers: this.#timers, setting };
  }

  #noticeSettled(): void {
    if (this.#onSettled === null) return;
    for (const client of this.#clients.values()) if (!client.settled) return;
    for (const server of this.#servers.values()) if (!server.settled) return;
    const call = this.#onSettled;
    this.#onSettled = null;
    call();
  }
}

interface Run {
  wire: Wire;
  timers: Timers;
  setting: Setting;
}

/** Timers of one transaction by letter. There are at most three at a time, so a list beats a map. */
class Clock {
  readonly #timers: Timers;
  #running: { timer: Timer; cancel: () => void }[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  set(timer: Timer, ms: number, fire: () => void): void {
    this.cancel(timer);
    const cancel = this.#timers.after(ms, () => {
      this.#running = this.#running.filter((entry) => entry.timer !== timer);
      fire();
    });
    this.#running.push({ timer, cancel });
  }

  cancel(timer: Timer): void {
    const at = this.#running.findIndex((entry) => entry.timer === timer);
    if (at >= 0) this.#running.splice(at, 1)[0]?.cancel();
  }

  stop(): void {
    for (const { cancel } of this.#running) cancel();
    this.#running = [];
  }
}

type ServerInput =
  | { type: 'request-again' }
  | { type: 'ack' }
  | { type: 'transport-error' }
  | { type: 'timer'; timer: Timer };

type AnyServer =
  | { kind: 'invite'; state: InviteServer<Uint8Array> }
  | { kind: 'other'; state: NonInviteServer<Uint8Array> };

class Server implements ServerTransaction {
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

type AnyClient =
  | { kind: 'invite'; state: InviteClient<Uint8Array> }
  | { kind: 'other'; state: NonInviteClient<Uint8Array> };

class Client {
  readonly #request: SipRequest;
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

  constructor(run: Run, request: SipRequest, hop: Hop, user: ClientUser, ended: () => void) {
    this.#request = request;
    this.#hop = hop;
    this.#user = user;
    this.#run = run;
    this.#clock = new Clock(run.timers);
    this.#ended = ended;
  }

  start(): void {
    const bytes = serializeMessage(this.#request);
    if (this.#request.method === 'INVITE') {
      const [state, actions] = startInviteClient(bytes, this.#run.setting);
      this.#machine = { kind: 'invite', state };
      this.#carryOut(actions);
    } else {
      const [state, actions] = startNonInviteClient(bytes, this.#run.setting);
      this.#machine = { kind: 'other', state };
      this.#carryOut(actions);
    }
  }

  receive(response: SipResponse, read: Essentials): void {
    this.#response = { response, read };
    if (response.status >= 200) this.settled = true;
    this.#step({ type: 'response', status: response.status });
  }

  /** What TCP took is not yet what the far end has read. A copy is harmless there: it has the same branch. */
  connectionClosed(connection: number): void {
    if (this.settled || this.#connection !== connection) return;
    if (this.#sentAgain) return this.#step({ type: 'transport-error' });
    this.#sentAgain = true;
    this.#hop = { ...this.#hop, connection: null };
    this.#send(serializeMessage(this.#request));
  }

  stop(): void {
    this.#clock.stop();
  }

  #step(
    input: { type: 'response'; status: number } | { type: 'transport-error' } | { type: 'timer'; timer: Timer },
  ): void {
    const machine = this.#machine;
    if (machine === null) return;
    if (machine.kind === 'invite') {
      const [state, actions] = stepInviteClient(machine.state, input);
      machine.state = state;
      this.#carryOut(actions);
    } else {
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
            this.#send(serializeMessage(acknowledgeRefusal(this.#request, this.#response.response)));
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

export function hopOfAnswer(via: Via, arrival: Arrival): Hop {
  const { transport, connection } = arrival;
  return { transport, connection, ...answerPlace(via) };
}

/** §17.2.3: by branch and sender; peers of RFC 2543 by everything that their copies have in common. */
function serverKey(request: SipRequest, read: Essentials, method: string): string {
  const { via } = read;
  const branch = branchOf(via);
  if (branch !== null && branch.length > 7 && branch.startsWith('z9hG4bK')) {
    return `${branch}\n${via.host}:${via.port ?? 5060}\n${method}`;
  }
  return `${read.callId}\n${read.cseq.number} ${method}\n${tagOf(read.from) ?? ''}\n${request.uri}\n${formatVia(via)}`;
}
