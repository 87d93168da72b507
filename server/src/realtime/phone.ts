/** The customer's phone in the browser (demo only): one call at a time per connection, five per source. */
import type { WebSocket } from 'ws';
import { phoneMessage, type PhoneMessage, type PhoneServerMessage } from '@denwaban/core/wire';
import { codedError } from '../http/errors.js';
import type { HttpContext } from '../http/context.js';
import type { WebPhones } from '../services.js';
import { Peer } from './peer.js';

export const callsPerSourceMax = 5;

/** How many calls a source has now. */
export class CallCounter {
  readonly #calls = new Map<string, number>();

  /** @returns null when there are too many; else the function that gives the place back, once however often it is called */
  take(source: string): (() => void) | null {
    const calls = this.#calls.get(source) ?? 0;
    if (calls >= callsPerSourceMax) return null;
    this.#calls.set(source, calls + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.#calls.get(source) ?? 1) - 1;
      if (left <= 0) this.#calls.delete(source);
      else this.#calls.set(source, left);
    };
  }
}

/** A call of this phone. `dialling` until the exchange has answered the offer. */
interface Call {
  place: () => void;
  over: boolean;
  /** What was told before the answer: it goes out after it. */
  held: PhoneServerMessage[] | null;
  line: Awaited<ReturnType<WebPhones['dial']>> | null;
}

export class PhoneConnection {
  readonly #phones: WebPhones;
  readonly #log: HttpContext['log'];
  readonly #peer: Peer<PhoneMessage, PhoneServerMessage>;
  readonly #source: string;
  readonly #calls: CallCounter;
  #call: Call | null = null;

  constructor(options: {
    socket: WebSocket;
    source: string;
    phones: WebPhones;
    calls: CallCounter;
    context: HttpContext;
    onClose: () => void;
  }) {
    this.#phones = options.phones;
    this.#log = options.context.log;
    this.#source = options.source;
    this.#calls = options.calls;
    this.#peer = new Peer<PhoneMessage, PhoneServerMessage>({
      socket: options.socket,
      schema: phoneMessage,
      monotonic: options.context.monotonic,
      errorMessage: (code, detail) => ({ type: 'error', code, detail }),
      onMessage: (message) => this.#receive(message),
      onFailure: (error) => this.#failed(error),
      onClose: () => {
        this.#hangUp();
        options.onClose();
      },
    });
  }

  sweep(now: number, lateMs: number): void {
    this.#peer.sweep(now, lateMs);
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
    this.#hangUp();
  }

  #receive(message: PhoneMessage): void {
    switch (message.type) {
      case 'dial':
        void this.#dial(message);
        return;
      case 'hang-up':
        if (this.#call === null) this.#peer.refuse('no-call', 'there is no call');
        this.#hangUp();
        return;
      case 'dtmf':
        if (this.#call?.line) this.#call.line.dtmf(message.digit);
        else this.#peer.refuse('no-call', 'there is no call');
        return;
    }
  }

  async #dial({ from, to, offer }: Extract<PhoneMessage, { type: 'dial' }>): Promise<void> {
    if (this.#call !== null) {
      this.#peer.refuse('busy', 'this phone is in a call');
      return;
    }
    const place = this.#calls.take(this.#source);
    if (place === null) {
      this.#peer.refuse('too-many-tries', 'too many calls from this address');
      return;
    }
    const call: Call = { place, over: false, held: [], line: null };
    this.#call = call;
    try {
      const line = await this.#phones.dial({ from, to, offer }, (message) => this.#tell(call, message));
      call.line = line;
      if (call.over) {
        line.hangUp(); // hung up, or gone, while it was dialling
        return;
      }
      this.#peer.send({ type: 'dialling', answer: line.answer });
      const held = call.held ?? [];
      call.held = null;
      for (const message of held) this.#tell(call, message);
    } catch (error) {
      if (!call.over) this.#failed(error);
      this.#over(call);
    }
  }

  #failed(error: unknown): void {
    const { code, detail, ours } = codedError(error);
    if (ours) this.#log.error({ err: error }, 'phone: a command failed');
    this.#peer.refuse(code, detail);
  }

  #tell(call: Call, message: PhoneServerMessage): void {
    if (call.over || message.type === 'dialling') return; // `dialling` is ours to say
    if (call.held !== null) {
      call.held.push(message);
      return;
    }
    this.#peer.send(message);
    if (message.type === 'ended') this.#over(call);
  }

  #hangUp(): void {
    const call = this.#call;
    if (call === null) return;
    this.#over(call);
    call.line?.hangUp();
  }

  #over(call: Call): void {
    call.over = true;
    call.place();
    if (this.#call === call) this.#call = null;
  }
}
