/** A user agent between a hand-moved clock and a wire that looks at everything it is given. */
import { isIP } from 'node:net';
import { UserAgent } from '../../telephony/src/sip/agent/user-agent.js';
import type {
  CallListener,
  CallRequest,
  IncomingCall,
  OutgoingCall,
  SessionListener,
} from '../../telephony/src/sip/contract.js';
import { StreamFramer } from '../../telephony/src/sip/framer.js';
import type { SipRequest } from '../../telephony/src/sip/message.js';
import { mayBeSentTo } from '../../telephony/src/sip/next-hop.js';
import { tagOf } from '../../telephony/src/sip/name-address.js';
import { parseMessage } from '../../telephony/src/sip/parse.js';
import type { Arrival, Hop } from '../../telephony/src/sip/ports.js';
import { FakeTimers, nameOf } from '../../telephony/src/sip/testing/world.js';
import { answerSdp, offerSdp } from '../../telephony/src/sdp/index.js';
import { bytesOf } from './mutate.js';
import { findWithin, sources } from './sip-places.js';
import { Broken, type Report } from './target.js';

const ours = { address: '198.51.100.1', port: 20_000, sessionId: '7', version: 1 };

const largeBytes = 30_000;

interface Life {
  call: IncomingCall | OutgoingCall;
  ended: boolean;
}

export class SipWorld {
  timers = new FakeTimers();
  readonly agent: UserAgent;
  lives: Life[] = [];
  /** What went out, newest last; the oldest go. */
  sent: { text: string; hop: Hop }[] = [];
  /** How the listeners behave. */
  throws = false;
  reanswers = true;
  broken = false;
  tag = 'none';
  /** Our tag in requests of ours. */
  our = 'none';
  lastRequest: SipRequest | null = null;
  lastInvite: SipRequest | null = null;
  problem: Broken | null = null;
  #report: Report | null = null;
  #before = '';
  #drawn = 0;
  #handled: { arrival: Arrival; readable: boolean; bytesIn: number; bytesOut: number } | null = null;
  readonly #heard = new Set<string>();
  /** An echo of what all but fills a message may be more than that: whoever sends such a thing has to read it. */
  #large = false;
  readonly #framers = new Map<number, StreamFramer>();

  constructor() {
    const error = (facts: object, message: string): void => {
      const failed = message === 'sip: a call listener failed' || message === 'sip: the call handler failed';
      if (failed && this.throws) return;
      const err = 'err' in facts && facts.err instanceof Error ? (facts.err.stack ?? '') : '';
      this.fail('threw-within', `${message} ${err.slice(0, 500)}`);
    };
    this.agent = new UserAgent({
      publicAddress: ours.address,
      port: 5060,
      userAgent: null,
      handlers: {
        trunkOf: (from) => sources.find(({ address }) => address === from.address)?.trunk ?? null,
        onCall: (call) => this.#called(call),
      },
      wire: { send: (hop, text, failed) => this.#send(hop, text, failed) },
      timers: this.timers,
      now: () => this.timers.now,
      chance: (count) =>
        Uint8Array.from(
          { length: count },
          (_, at) => (at === count - 1 ? ++this.#drawn : this.#drawn >> (8 * (at % 4))) & 255,
        ),
      log: {
        debug: (facts, message) => this.#noted(facts, message),
        info: () => {},
        warn: () => {},
        error,
      },
      limits: { dialogs: 8 },
      find: (target, found) => {
        const { host } = target;
        if (isIP(host) !== 0 || host.length > 253) this.fail('looks-up-what-is-no-name', host.slice(0, 300));
        this.#saw(`asks ${host.slice(0, 5)}`);
        findWithin(this.timers, target, found);
      },
    });
  }

  /** For one input. */
  begin(report: Report): void {
    this.#report = report;
    this.#before = 'begin';
    this.lives = [];
    this.sent = [];
    this.throws = false;
    this.reanswers = true;
    this.broken = false;
    this.tag = 'none';
    this.our = 'none';
    this.lastRequest = null;
    this.lastInvite = null;
    this.problem = null;
    this.#framers.clear();
    this.#heard.clear();
    this.#large = false;
  }

  /** @param chunk over TCP, so many bytes at a time */
  receive(text: string, from: number, over: 'udp' | 'tcp', chunk: number): void {
    const bytes = bytesOf(text);
    const { address } = sources[from % sources.length] ?? sources[0];
    if (over === 'udp') {
      this.#handle(bytes, { transport: 'udp', address, port: 5_060, connection: null });
      return;
    }
    const connection = (from % sources.length) + 1;
    const framer = this.#framers.get(connection) ?? new StreamFramer();
    this.#framers.set(connection, framer);
    const step = chunk > 0 ? Math.max(chunk, Math.ceil(bytes.length / 500)) : Math.max(1, bytes.length);
    for (let at = 0; at < bytes.length; at += step) {
      for (const frame of framer.push(bytes.subarray(at, at + step))) {
        if (frame.type === 'broken') return this.lose(connection);
        if (frame.type !== 'message') continue;
        this.#handle(frame.bytes, { transport: 'tcp', address, port: 40_000 + connection, connection });
      }
    }
  }

  lose(connection: number): void {
    this.#framers.delete(connection);
    this.agent.connectionClosed(connection);
  }

  pass(ms: number): void {
    this.timers.advance(ms);
  }

  fail(code: string, detail: string): void {
    this.problem ??= new Broken(code, detail);
  }

  #handle(bytes: Uint8Array, arrival: Arrival): void {
    const stranger = sources.find(({ address }) => address === arrival.address)?.trunk === null;
    this.#heard.add(arrival.address);
    this.#large ||= bytes.length > largeBytes;
    const handled = { arrival, readable: parseMessage(bytes).ok, bytesIn: bytes.length, bytesOut: 0 };
    this.#handled = handled;
    this.#report?.timed(() => this.agent.receive(bytes, arrival));
    this.#handled = null;
    // Who sends from a forged address must not get more sent there than it sent itself.
    if (stranger && arrival.transport === 'udp' && handled.bytesOut > handled.bytesIn) {
      this.fail('amplifies', `${handled.bytesIn} bytes in, ${handled.bytesOut} out`);
    }
  }

  #send(hop: Hop, text: string, failed: () => void): number | null {
    const bytes = bytesOf(text);
    const handled = this.#handled;
    if (handled !== null && hop.address === handled.arrival.address) handled.bytesOut += bytes.length;
    if (isIP(hop.address) === 0 || !Number.isInteger(hop.port) || hop.port < 1 || hop.port > 65_535) {
      this.fail('sends-to-nowhere', `${hop.address} ${hop.port}`);
    }
    const isAnswer = text.startsWith('SIP/2.0 ');
    if (!isAnswer && !mayBeSentTo(hop.address, sources[0].address)) {
      this.fail('sends-where-it-may-not', `${hop.address} ${text.slice(0, 200)}`);
    }
    // A copy that comes another way is answered where its first came from; nobody else is ever answered.
    if (handled !== null && isAnswer && !this.#heard.has(hop.address)) {
      this.fail('answers-somebody-else', `${handled.arrival.address} asked, ${hop.address} is answered`);
    }
    const framed = new StreamFramer().push(bytes);
    const frame = framed[0];
    if (!this.#large && (framed.length !== 1 || frame?.type !== 'message' || frame.bytes.length !== bytes.length)) {
      this.fail('sends-what-frames-wrong', text.slice(0, 400));
    }
    const read = parseMessage(bytes);
    if (!read.ok) {
      // A refusal says back what could not be read.
      if (!this.#large && (!isAnswer || handled === null || handled.readable)) {
        this.fail('sends-what-nobody-can-read', `${read.code} ${read.detail} ${text.slice(0, 400)}`);
      }
      this.#saw(`unreadable ${text.slice(8, 11)}`);
    } else {
      this.#saw(nameOf(read.message).slice(0, 20));
      if (read.message.kind === 'request') {
        this.our = tagOf(read.essentials.from) ?? this.our;
        // Its ACK and CANCEL go with an INVITE: whoever answers, answers what can be answered.
        if (read.message.method !== 'ACK') this.lastRequest = read.message;
        if (read.message.method === 'INVITE') this.lastInvite = read.message;
      } else this.tag = tagOf(read.essentials.to) ?? this.tag;
    }
    this.sent.push({ text, hop });
    if (this.sent.length > 30) this.sent.shift();
    if (this.broken) {
      this.timers.after(0, failed);
      return null;
    }
    return hop.transport !== 'udp' ? (hop.connection ?? 1) : null;
  }

  /** We call two of the sources, one after the other. */
  place(over: Partial<CallRequest>): void {
    const life: Life = { call: undefined as never, ended: false };
    const told = this.#tellerOf(life);
    const hop = (at: 0 | 1) =>
      ({ transport: 'udp', address: sources[at].address, port: 5060, connection: null }) as const;
    life.call = this.agent.call(
      {
        trunk: 'one',
        hops: [hop(0), hop(1)],
        credentials: { username: 'us', password: 'secret' },
        to: 'sip:+81312345678@carrier.example',
        from: 'sip:+81501112222@carrier.example',
        displayName: null,
        identity: null,
        withheld: false,
        offer: offerSdp(ours),
        ringMsMax: 60_000,
        hopMs: 8_000, // as the exchange places its calls
        ...over,
      },
      {
        ...this.#session(told),
        onProgress: (status, early) => told(`progress ${status} ${early === null}`),
        onAnswered: () => told('they answered'),
        onEnded: (cause) => this.#over(life, cause),
      },
    );
    this.lives.push(life);
  }

  #tellerOf(life: Life): (what: string) => void {
    return (what) => {
      this.#saw(what);
      if (life.ended) this.fail('told-after-the-end', what);
      if (this.throws) throw new Error('a listener of ours failed');
    };
  }

  #over(life: Life, cause: string): void {
    if (life.ended) this.fail('ended-twice', cause);
    this.#saw(cause);
    life.ended = true;
    if (this.throws) throw new Error('a listener of ours failed');
  }

  #called(call: IncomingCall): CallListener {
    const life: Life = { call, ended: false };
    this.lives.push(life);
    this.#saw(`call ${call.offer === null} ${call.from === null}`);
    const told = this.#tellerOf(life);
    if (this.throws && this.lives.length % 2 === 0) {
      life.ended = true; // There is nobody to tell.
      throw new Error('a floor of ours failed');
    }
    return this.#listening(life, told);
  }

  #listenerOf(call: IncomingCall): CallListener {
    const life: Life = { call, ended: false };
    this.lives.push(life);
    return this.#listening(life, this.#tellerOf(life));
  }

  #listening(life: Life, told: (what: string) => void): CallListener {
    return {
      ...this.#session(told),
      onAnswered: () => told('answered'),
      onAcknowledged: (answer) => told(`acknowledged ${answer === null}`),
      onEnded: (cause) => this.#over(life, cause),
    };
  }

  #session(told: (what: string) => void): SessionListener {
    return {
      onRefer: ({ target, replaces }, progress) => {
        told(`refer ${replaces === null}`);
        if (!this.reanswers || this.lives.length > 6) return false;
        // As the exchange does: the address is called, and what becomes of it is told.
        this.place({ to: target, replaces });
        progress.tell(180, 'Ringing\r\nX-Injected: 1');
        if (this.lives.length % 2 === 0) progress.tell(486, 'Busy');
        return true;
      },
      onReplaced: (call) => {
        told('replaced');
        if (!this.reanswers) return null;
        call.answer(this.description(call));
        return this.#listenerOf(call);
      },
      onReoffered: (answer) => told(`reoffered ${answer === null}`),
      onChanged: () => told('changed'),
      onReoffer: (offer) => {
        told(`reoffer ${offer?.direction ?? 'none'}`);
        if (!this.reanswers) return null;
        return offer === null ? offerSdp(ours) : answerSdp(offer, ours);
      },
      onDigit: (digit) => {
        told('digit');
        if (!/^[0-9*#A-D]$/.test(digit)) this.fail('no-digit', digit.slice(0, 20));
      },
    };
  }

  /** Two things in a row are a feature: that is what tells one dialog's course from another's. */
  #saw(what: string): void {
    this.#report?.saw(`${this.#before} > ${what}`);
    this.#before = what;
  }

  #noted(facts: object, message: string): void {
    const code = 'code' in facts ? String(facts.code) : 'because' in facts ? String(facts.because) : '';
    this.#report?.saw(`${message} ${code}`);
  }

  /** Our own description for a call, as the exchange would give it. */
  description(call: IncomingCall | OutgoingCall): string {
    const offer = 'offer' in call ? call.offer : null;
    return (offer === null ? null : answerSdp(offer, ours)) ?? offerSdp(ours);
  }
}
