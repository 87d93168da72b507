/**
 * The agent's phone: brings the connection (what is so) and the line (what sounds) together, and carries out what the person
 * asks for. What the line should be is computed from the server's state each time it changes, never remembered.
 */
import type { AwayReason, DeskState, Disposition, ServerMessage } from '@denwaban/core/wire';
import type { Timers } from '../kit/steady-timers.js';
import { Store } from '../kit/store.js';
import { CallingOut, isUnderWay, type CallOut } from './calling-out.js';
import type { DeskConnection } from './desk-connection.js';
import type { PhoneLock } from './phone-lock.js';
import type { WarmLine } from './warm-line.js';

export interface PhoneView {
  /** Where the phone of this person is. `replaced`: another browser took the line, `elsewhere`: another tab of this one. */
  place: 'here' | 'elsewhere' | 'replaced' | 'finding-out';
  /** The reservation that was answered here and of which the server has not yet spoken. */
  answering: string | null;
  callOut: CallOut | null;
  /** The last refusal of a command, to be shown for a while. */
  refusal: { code: string; at: number } | null;
}

/**
 * What the line should do, given what the server says.
 * @param calling a call out is being asked for: it needs the line, whatever the person says
 */
export function wanted(
  desk: DeskState | null,
  place: PhoneView['place'],
  calling = false,
): 'open' | 'closed' | 'as-is' {
  if (place !== 'here') return place === 'finding-out' ? 'as-is' : 'closed';
  if (!desk) return 'as-is';
  if (desk.presence.says === 'available' || desk.call || desk.offer || calling) return 'open';
  return desk.wrapUp ? 'as-is' : 'closed';
}

export class Phone {
  readonly store = new Store<PhoneView>({ place: 'finding-out', answering: null, callOut: null, refusal: null });
  readonly connection: DeskConnection;
  readonly line: WarmLine;
  readonly #lock: PhoneLock;
  readonly #now: () => number;
  #stops: (() => void)[] = [];
  #goingAvailable = false;
  #lineOpenSince = 0;
  readonly #callingOut: CallingOut;

  constructor(parts: {
    connection: DeskConnection;
    line: WarmLine;
    lock: PhoneLock;
    timers: Timers;
    now: () => number;
  }) {
    const { connection, line, timers, now } = parts;
    this.connection = connection;
    this.line = line;
    this.#lock = parts.lock;
    this.#now = now;
    this.#callingOut = new CallingOut({
      ...{ connection, line, timers, now, store: this.store },
      changed: () => this.#reconcile(),
    });
  }

  start(): void {
    this.#stops = [
      this.connection.listen((message) => this.#hear(message)),
      this.connection.store.subscribe(() => this.#reconcile()),
      this.line.store.subscribe(() => this.#lineChanged()),
    ];
    this.#lock.start((held) => {
      this.store.set({ place: held ? 'here' : 'elsewhere' });
      this.#reconcile();
    });
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#lock.stop();
    this.line.close();
  }

  /** @returns false when there is no microphone: the person stays away, the line's view says why */
  async goAvailable(): Promise<boolean> {
    this.takeOver();
    this.#goingAvailable = true;
    try {
      if (!(await this.line.prepare())) return false;
      this.connection.send({ type: 'presence.set', presence: 'available', reason: null });
      return await this.line.open();
    } finally {
      this.#goingAvailable = false;
    }
  }

  goAway(reason: Exclude<AwayReason, 'no-answer'>): void {
    this.connection.send({ type: 'presence.set', presence: 'away', reason });
  }

  takeOver(): void {
    const { place } = this.store.get();
    if (place === 'elsewhere') this.#lock.takeOver();
    if (place === 'replaced') this.store.set({ place: 'here' });
    this.#reconcile();
  }

  ringing(reservation: string): void {
    this.connection.send({ type: 'offer.ringing', reservation });
  }

  answer(reservation: string): void {
    if (this.store.get().answering === reservation) return;
    if (!this.connection.send({ type: 'offer.accept', reservation })) return;
    this.store.set({ answering: reservation });
    this.#reconcile(); // the microphone goes onto the wire now, not a round trip later
  }

  decline(reservation: string): void {
    this.connection.send({ type: 'offer.decline', reservation });
  }

  /** @param number in any written form; @param customer whose card it was chosen from */
  call(number: string, customer: string | null): void {
    this.store.set({ refusal: null });
    this.#callingOut.call(number, customer);
  }

  /** What became of the last call out was read; one that waits for its line is cancelled. */
  forgetCallOut(): void {
    this.#callingOut.forget();
  }

  hangUp(conversation: string): void {
    this.connection.send({ type: 'call.hang-up', conversation });
  }

  hold(conversation: string, on: boolean): void {
    this.connection.send({ type: on ? 'call.hold' : 'call.resume', conversation });
  }

  mute(conversation: string, on: boolean): void {
    this.line.mute(on); // at once and whatever the network does: this one is about trust
    this.connection.send({ type: 'call.mute', conversation, muted: on });
  }

  digits(conversation: string, digits: string): void {
    this.connection.send({ type: 'call.dtmf', conversation, digits });
  }

  saveWrapUp(conversation: string, disposition: Disposition | null, note: string): boolean {
    return this.connection.send({ type: 'wrap-up.save', conversation, disposition, note });
  }

  #hear(message: ServerMessage): void {
    if (message.type === 'welcome') {
      // A line that stands was named in our hello, and audio goes on over it; the server says so when it is of no use any more.
      if (this.line.standing === null) this.line.greet();
      this.#callingOut.welcomed();
    } else if (message.type === 'line.answer') void this.line.answer(message.nonce, message.answer, message.line);
    else if (message.type === 'line.lost') this.#lineLost(message.because);
    else if (message.type === 'error') {
      if (this.#callingOut.refused(message)) return;
      this.store.set({ refusal: { code: message.code, at: this.#now() }, answering: null });
      this.#reconcile();
    }
  }

  #lineLost(because: Extract<ServerMessage, { type: 'line.lost' }>['because']): void {
    if (because === 'replaced') {
      if (this.store.get().place === 'here') this.store.set({ place: 'replaced' });
      this.#reconcile();
    } else this.line.rebuild();
  }

  #lineChanged(): void {
    const open = this.line.store.get().phase === 'open';
    if (open && this.#lineOpenSince === 0) this.#lineOpenSince = this.#now();
    if (!open) this.#lineOpenSince = 0;
  }

  #reconcile(): void {
    const { desk, link } = this.connection.store.get();
    const { place, answering } = this.store.get();
    if (place !== 'here') this.#callingOut.leave();
    this.#callingOut.follow(link, desk);
    if (answering && (desk?.call || desk?.offer?.reservation !== answering)) this.store.set({ answering: null });
    const want = wanted(desk, place, isUnderWay(this.store.get().callOut));
    const { phase, problem } = this.line.store.get();
    if (want === 'closed') {
      if (phase !== 'closed' && !this.#goingAvailable) {
        this.line.close();
        if (place === 'here') this.connection.send({ type: 'line.close' });
      }
      return;
    }
    if (want === 'open' && link === 'open') {
      if (phase === 'closed' && !problem) void this.line.open();
      // The server knows of no line though ours has stood for a while: it restarted, or gave ours up while we were away.
      const stoodMs = this.#lineOpenSince ? this.#now() - this.#lineOpenSince : 0;
      if (phase === 'open' && desk?.line === 'none' && stoodMs > 1_500) this.line.rebuild();
    }
    this.line.talk(Boolean(desk?.call) || this.store.get().answering !== null);
  }
}
