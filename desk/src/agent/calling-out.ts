/**
 * A call out until the server's state tells of it. Who is away has no line: it is opened and proven first, for this call alone.
 *
 *     call ─▶ opening ─proven─▶ placing ─▶ (the desk's state has the call) ─▶ unanswered, or nothing to tell
 *               │                  │
 *               └── no microphone, no line, no server: refused; cancelled: as if nothing had been
 */
import type { CallerView, DeskState, ServerMessage } from '@denwaban/core/wire';
import type { Timers } from '../kit/steady-timers.js';
import type { Store } from '../kit/store.js';
import { endedUnanswered } from './call-out.js';
import type { DeskConnection } from './desk-connection.js';
import type { MicrophoneProblem } from './microphone.js';
import type { WarmLine } from './warm-line.js';

interface Asked {
  number: string;
  /** Whose card it was chosen from. */
  customer: string | null;
}

/** The last call out until there is a call of it, or what else became of it. */
export type CallOut =
  | (Asked & { state: 'opening' })
  | (Asked & { state: 'placing'; nonce: string })
  | (Asked & { state: 'refused'; code: string; microphone?: MicrophoneProblem })
  | { state: 'unanswered'; caller: CallerView };

/** It is being asked for: the line is needed, and no other call can be placed. */
export type UnderWay = Extract<CallOut, { state: 'opening' | 'placing' }>;
export const isUnderWay = (callOut: CallOut | null): callOut is UnderWay =>
  callOut?.state === 'opening' || callOut?.state === 'placing';

/** A line is proven within 100 ms on a good network; by a relay far away, a second. Longer than this nobody waits for a dial tone. */
const provingMsMax = 8_000;

interface Parts {
  connection: Pick<DeskConnection, 'send' | 'store'>;
  line: Pick<WarmLine, 'open' | 'store'>;
  store: Store<{ callOut: CallOut | null }>;
  timers: Timers;
  now(): number;
  /** The line may be of no use any more. */
  changed(): void;
}

export class CallingOut {
  readonly #parts: Parts;
  #stopWaiting: (() => void) | null = null;
  #places = 0;
  #asksAnew = false;
  #deskBefore: DeskState | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param number in any written form */
  call(number: string, customer: string | null): void {
    const { link, desk } = this.#parts.connection.store.get();
    if (isUnderWay(this.#callOut) || link !== 'open') return;
    const asked = { number: number.slice(0, 60), customer };
    if (desk?.presence.says === 'away' && !this.#isProven(desk)) void this.#open(asked);
    else this.#place(asked);
  }

  /** What became of the last call out was read, or the one that waits for its line is not wanted any more. */
  forget(): void {
    this.#set(null);
    this.#parts.changed();
  }

  /** Another page is the phone now. */
  leave(): void {
    if (this.#callOut?.state === 'opening') this.#set(null);
  }

  /** Whether what was asked for over the old connection arrived, the state that follows tells; until then the line stays. */
  welcomed(): void {
    this.#asksAnew = true;
  }

  /** Each time the connection's view changed. */
  follow(link: 'connecting' | 'open' | 'lost', desk: DeskState | null): void {
    const { callOut } = this.#parts.store.get();
    if (callOut?.state === 'opening') {
      // A late command is a wrong one: they may have picked up another telephone by then.
      if (link !== 'open') this.#refuse(callOut, 'network');
      else if (desk && this.#isProven(desk)) this.#place(callOut);
    }
    if (desk === this.#deskBefore) return;
    if (this.#asksAnew && this.#callOut?.state === 'placing') this.#set(null);
    this.#asksAnew = false;
    const caller = endedUnanswered(this.#deskBefore, desk);
    this.#deskBefore = desk;
    if (caller) this.#set({ state: 'unanswered', caller });
    // The call is there, or another one rings: what became of the last is of no interest now.
    else if (this.#callOut && (desk?.call || desk?.offer)) this.#set(null);
  }

  /** @returns whether it was this call that the server refused */
  refused({ code, re, nonce }: Extract<ServerMessage, { type: 'error' }>): boolean {
    const callOut = this.#callOut;
    if (callOut?.state !== 'placing' || (nonce === undefined ? re !== 'call.place' : nonce !== callOut.nonce))
      return false;
    this.#refuse(callOut, code);
    this.#parts.changed();
    return true;
  }

  /** By both words: the server's alone may be about the line that we have just closed. */
  #isProven(desk: DeskState): boolean {
    return desk.line === 'proven' && this.#parts.line.store.get().phase === 'open';
  }

  get #callOut(): CallOut | null {
    return this.#parts.store.get().callOut;
  }

  async #open({ number, customer }: Asked): Promise<void> {
    const opening = { state: 'opening', number, customer } as const;
    this.#set(opening);
    const heard = await this.#parts.line.open();
    if (this.#callOut !== opening) return; // cancelled while the browser asked for the microphone
    if (heard) {
      this.#stopWaiting = this.#parts.timers.after(provingMsMax, () => this.#giveUp(opening, 'no-line'));
      return;
    }
    const { problem } = this.#parts.line.store.get();
    this.#giveUp(opening, 'no-line', problem);
  }

  #giveUp(opening: CallOut & { state: 'opening' }, code: string, problem: MicrophoneProblem | null = null): void {
    if (this.#callOut !== opening) return;
    this.#refuse(opening, code, problem);
    this.#parts.changed();
  }

  #place({ number, customer }: Asked): void {
    const { connection, now } = this.#parts;
    const nonce = `${now()}.${++this.#places}`;
    const sent = connection.send({ type: 'call.place', nonce, number, customer });
    this.#set(sent ? { state: 'placing', nonce, number, customer } : null);
  }

  #refuse({ number, customer }: Asked, code: string, problem: MicrophoneProblem | null = null): void {
    this.#set({ state: 'refused', number, customer, code, ...(problem && { microphone: problem }) });
  }

  #set(callOut: CallOut | null): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    this.#parts.store.set({ callOut });
  }
}
