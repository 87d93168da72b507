/** A user agent in a world whose clock the test moves and whose wire it reads. */
import { UserAgent, type UserAgentOptions } from '../agent/user-agent.js';
import type {
  CallListener,
  CallRequest,
  IncomingCall,
  OutgoingCall,
  OutgoingEnd,
  SessionListener,
} from '../contract.js';
import { header, type SipHeader, type SipMessage, type SipRequest, type SipResponse } from '../message.js';
import { parseMessage } from '../parse.js';
import { serializeMessage } from '../serialize.js';
import type { Arrival, Hop, Timers } from '../ports.js';
import type { SdpAudio } from '../../sdp/contract.js';

export class FakeTimers implements Timers {
  now = 0;
  readonly #waiting = new Set<{ at: number; call: () => void }>();

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.now + ms, call };
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }

  get pending(): number {
    return this.#waiting.size;
  }

  /** Lets time pass, firing what falls due in order. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.#waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#waiting.delete(due);
      this.now = due.at;
      due.call();
    }
    this.now = end;
  }
}

export interface Sent {
  at: number;
  hop: Hop;
  message: SipMessage;
  bytes: Uint8Array;
}

export type Told =
  | 'answered'
  | { acknowledged: SdpAudio | null }
  | { ended: 'hung-up' | 'cancelled' | 'failed' }
  | { reoffer: SdpAudio | null }
  | { digit: string }
  | { reoffered: SdpAudio | null }
  | 'changed'
  | { progress: number; early: SdpAudio | null }
  | { answered: SdpAudio }
  | { over: OutgoingEnd; status: number | null };

export interface World {
  agent: UserAgent;
  timers: FakeTimers;
  sent: Sent[];
  calls: IncomingCall[];
  /** What the listeners were told, over all calls. */
  told: Told[];
  /** What calls of ours left for another process. */
  farewells: string[];
  logged: { level: string; facts: object; message: string }[];
  arrival: Arrival;
  /** What `onReoffer` returns. */
  reanswer: string | null;
  onRefer: SessionListener['onRefer'] | null;
  onReplaced: SessionListener['onReplaced'] | null;
  /** Called within `onCall`. */
  onCall: ((call: IncomingCall) => void) | null;
  /** Every send fails when set. */
  broken: boolean;
  receive(message: string | Uint8Array, arrival?: Arrival): void;
  /** Statuses and methods sent since the last time this was read, in order. */
  news(): string[];
  /** Places a call to the far end. */
  place(over?: Partial<CallRequest>): OutgoingCall;
  lastResponse(): SipResponse;
  lastRequest(): SipRequest;
}

export const udpPeer: Arrival = { transport: 'udp', address: '192.0.2.10', port: 5060, connection: null };
export const tcpPeer: Arrival = { transport: 'tcp', address: '192.0.2.10', port: 40_000, connection: 7 };

export function makeWorld(over: Partial<UserAgentOptions> = {}): World {
  const timers = new FakeTimers();
  let drawn = 0;
  let read = 0;
  const log = (level: string) => (facts: object, message: string) => void world.logged.push({ level, facts, message });
  const world: World = {
    timers,
    sent: [],
    calls: [],
    told: [],
    farewells: [],
    logged: [],
    arrival: udpPeer,
    reanswer: 'v=0\r\n',
    onRefer: null,
    onReplaced: null,
    onCall: null,
    broken: false,
    agent: new UserAgent({
      publicAddress: '198.51.100.1',
      port: 5060,
      userAgent: null,
      handlers: {
        trunkOf: () => 'tk',
        onCall(call): CallListener {
          world.calls.push(call);
          world.onCall?.(call);
          return {
            onAnswered: () => void world.told.push('answered'),
            onAcknowledged: (answer) => void world.told.push({ acknowledged: answer }),
            onEnded: (cause) => void world.told.push({ ended: cause }),
            onReoffer: (offer) => (world.told.push({ reoffer: offer }), world.reanswer),
            onDigit: (digit) => void world.told.push({ digit }),
            onReoffered: (answer) => void world.told.push({ reoffered: answer }),
            onChanged: () => void world.told.push('changed'),
            onRefer: (wish, progress) => world.onRefer?.(wish, progress) ?? false,
            onReplaced: (replacement) => world.onReplaced?.(replacement) ?? null,
          };
        },
      },
      wire: {
        send(hop, text, failed) {
          if (world.broken) {
            timers.after(0, failed);
            return null;
          }
          const bytes = Buffer.from(text, 'latin1');
          const parsed = parseMessage(bytes);
          // A refusal echoes what could not be read, so we cannot read it either.
          const message = parsed.ok ? parsed.message : refusalIn(bytes);
          if (message === null) throw new Error('we sent what nobody can read');
          world.sent.push({ at: timers.now, hop, message, bytes });
          return hop.transport !== 'udp' ? (hop.connection ?? 99) : null;
        },
      },
      timers,
      now: () => timers.now,
      // Different each time, and the same in each run.
      chance: (count) =>
        Uint8Array.from({ length: count }, (_, index) => (index === count - 1 ? ++drawn : drawn >> 8) & 255),
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      ...over,
    }),
    receive: (message, arrival = world.arrival) =>
      world.agent.receive(typeof message === 'string' ? Buffer.from(message, 'utf8') : message, arrival),
    news() {
      const fresh = world.sent.slice(read).map(({ message }) => nameOf(message));
      read = world.sent.length;
      return fresh;
    },
    place: (more) =>
      world.agent.call(
        {
          trunk: 'tk',
          hops: [udpPeer],
          credentials: null,
          to: 'sip:+81312345678@carrier.example',
          from: 'sip:+81501112222@carrier.example',
          displayName: null,
          identity: null,
          withheld: false,
          offer: offerText,
          ringMsMax: 180_000,
          ...more,
        },
        {
          onSent: (farewell) => void world.farewells.push(farewell),
          onProgress: (status, early) => void world.told.push({ progress: status, early }),
          onAnswered: (answer) => void world.told.push({ answered: answer }),
          onEnded: (cause, status) => void world.told.push({ over: cause, status }),
          onReoffer: (offer) => (world.told.push({ reoffer: offer }), world.reanswer),
          onDigit: (digit) => void world.told.push({ digit }),
          onReoffered: (answer) => void world.told.push({ reoffered: answer }),
          onChanged: () => void world.told.push('changed'),
        },
      ),
    lastResponse() {
      const found = world.sent.findLast(({ message }) => message.kind === 'response')?.message;
      if (found?.kind !== 'response') throw new Error('no response was sent');
      return found;
    },
    lastRequest() {
      const found = world.sent.findLast(({ message }) => message.kind === 'request')?.message;
      if (found?.kind !== 'request') throw new Error('no request was sent');
      return found;
    },
  };
  return world;
}

function refusalIn(bytes: Uint8Array): SipResponse | null {
  const lines = Buffer.from(bytes).toString('latin1').split('\r\n');
  const status = Number(/^SIP\/2\.0 ([4-6]\d\d) /.exec(lines[0] ?? '')?.[1] ?? 0);
  const headers = lines.slice(1).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [{ name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() }];
  });
  return status === 0 ? null : { kind: 'response', status, reason: '', headers, body: '' };
}

/** `200 INVITE`, `BYE`. */
export function nameOf(message: SipMessage): string {
  if (message.kind === 'request') return message.method;
  return `${message.status} ${header(message, 'cseq')?.split(' ')[1] ?? ''}`;
}

export const offerText = [
  ...['v=0', 'o=- 1 1 IN IP4 192.0.2.10', 's=-', 'c=IN IP4 192.0.2.10', 't=0 0'],
  ...['m=audio 40000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000', ''],
].join('\r\n');

export interface RequestWish {
  method?: string;
  uri?: string;
  branch?: string;
  toTag?: string | null;
  fromTag?: string;
  callId?: string;
  cseq?: number;
  cseqMethod?: string;
  extra?: string[];
  body?: string;
  type?: string;
  contact?: string | null;
  transport?: 'UDP' | 'TCP';
}

/** A request of the far end as text. */
export function requestText(wish: RequestWish = {}): string {
  const method = wish.method ?? 'INVITE';
  const body = wish.body ?? '';
  const lines = [
    `${method} ${wish.uri ?? 'sip:0312345678@198.51.100.1'} SIP/2.0`,
    `Via: SIP/2.0/${wish.transport ?? 'UDP'} 192.0.2.10:5060;branch=${wish.branch ?? `z9hG4bK${method}${wish.cseq ?? 1}`}`,
    `From: "Aiko" <sip:+81901112222@carrier.example>;tag=${wish.fromTag ?? 'caller'}`,
    `To: <sip:0312345678@198.51.100.1>${typeof wish.toTag === 'string' ? `;tag=${wish.toTag}` : ''}`,
    `Call-ID: ${wish.callId ?? 'call-1'}`,
    `CSeq: ${wish.cseq ?? 1} ${wish.cseqMethod ?? method}`,
    'Max-Forwards: 70',
    ...(wish.contact === null ? [] : [`Contact: ${wish.contact ?? '<sip:aiko@192.0.2.10:5060>'}`]),
    ...(wish.extra ?? []),
    ...(body === '' ? [] : [`Content-Type: ${wish.type ?? 'application/sdp'}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The far end's answer to our latest request, or to the latest one of `method`. */
export function answerTo(
  world: World,
  status: number,
  headers: readonly SipHeader[] = [],
  method?: string,
  body = '',
): Uint8Array {
  const found = world.sent.findLast(
    ({ message }) =>
      message.kind === 'request' && message.method !== 'ACK' && message.method === (method ?? message.method),
  )?.message;
  if (found?.kind !== 'request') throw new Error('no such request was sent');
  const copied = found.headers.filter(({ name }) => ['via', 'from', 'to', 'call-id', 'cseq'].includes(name));
  const tagged = copied.map(({ name, value }) =>
    name === 'to' && !value.includes('tag=') && status > 100 ? { name, value: `${value};tag=far` } : { name, value },
  );
  // A tag that the test gives stands in place of the usual one.
  const kept = tagged.filter(({ name }) => name !== 'to' || !headers.some((given) => given.name === 'to'));
  const type = body === '' ? [] : [{ name: 'content-type', value: 'application/sdp' }];
  const answer = serializeMessage({
    kind: 'response',
    status,
    reason: 'x',
    headers: [...kept, ...headers, ...type],
    body,
  });
  return Buffer.from(answer, 'latin1');
}
