/** A SIP endpoint in memory, by the contract of sip/: callers ring in and note what they are told. */
import type { SdpAudio } from '../../sdp/contract.js';
import { parseSdp } from '../../sdp/parse.js';
import { fakeCallee, type FakeCallee, type LeftCallee } from './fake-callee.js';
import type {
  CallListener,
  DialogSnapshot,
  IncomingCall,
  SipEndpoint,
  SipEndpointHandlers,
} from '../../sip/contract.js';

export interface FakeCaller {
  readonly told: string[];
  /** Our session descriptions in order. */
  readonly sdps: string[];
  readonly listener: CallListener;
  state: 'calling' | 'answered' | 'ended';
  acknowledge(answer?: SdpAudio | null): void;
  /** By re-INVITE, from another address. */
  move(target: string): void;
  hangUp(): void;
}

/** The far ends outlive the endpoint: hand them to the next one. */
export interface FarEnds {
  open: Map<string, { caller: FakeCaller & { listener: CallListener }; call: IncomingCall }>;
  callees: Map<string, LeftCallee>;
  ids: number;
}

export interface FakeSip extends SipEndpoint {
  readonly farEnds: FarEnds;
  attach(handlers: SipEndpointHandlers): SipEndpoint;
  /** Null: refused as nobody's trunk, or where `replaces` gave its call to nobody. */
  invite(call: {
    from: string | null;
    to: string;
    offer?: SdpAudio | null;
    address?: string;
    /** The call whose place it is to take. */
    replaces?: FakeCaller;
  }): FakeCaller | null;
  /** Whom we called, in order. */
  readonly callees: FakeCallee[];
  readonly orphans: { dialog: DialogSnapshot; cause: string }[];
  readonly farewells: string[];
}

export const offerOf = (extra = '', codecs = '0 8 101'): SdpAudio => {
  const raw = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio 20390 RTP/AVP ${codecs}`,
    ...(codecs.includes('101') ? ['a=rtpmap:101 telephone-event/8000'] : []),
    ...(extra === '' ? [] : [extra]),
    '',
  ].join('\r\n');
  const parsed = parseSdp(raw);
  if (!parsed.ok) throw new Error(`the test's own offer: ${parsed.code}`);
  return parsed.audio;
};

export function fakeSip(farEnds: FarEnds = { open: new Map(), callees: new Map(), ids: 0 }): FakeSip {
  let handlers: SipEndpointHandlers | null = null;
  const { open } = farEnds;
  const orphans: FakeSip['orphans'] = [];
  const farewells: string[] = [];
  const callees: FakeCallee[] = [];
  const endpoint: FakeSip = {
    orphans,
    farewells,
    farEnds,
    adopt(dialog, take) {
      const left = farEnds.callees.get(dialog.callId);
      if (left !== undefined) return left.adopt(take);
      const found = open.get(dialog.callId);
      if (found === undefined || found.caller.state !== 'answered') return false;
      found.caller.listener = take(found.call);
      return true;
    },
    attach(given) {
      handlers = given;
      return endpoint;
    },
    start: () => Promise.resolve(),
    hopsOf: ({ host, port }) =>
      Promise.resolve([{ transport: 'udp', address: host, port: port ?? 5060, connection: null }]),
    register: () => ({ stop: () => Promise.resolve(), leave() {} }),
    probe: () => () => {},
    ask: () => Promise.resolve({ answered: false, because: 'no-address' }),
    keepOpen: () => () => {},
    callees,
    call(request, listener) {
      const id = `placed-${++farEnds.ids}`;
      const { callee, call, left } = fakeCallee(id, request, listener);
      callees.push(callee);
      farEnds.callees.set(id, left);
      return call;
    },
    endOrphan(dialog, cause) {
      orphans.push({ dialog, cause });
      return Promise.resolve();
    },
    sendFarewell(farewell) {
      farewells.push(farewell);
      const callee = farEnds.callees.get(farewell.replace('cancel ', ''))?.callee;
      if (callee === undefined || callee.state !== 'called') return;
      callee.state = 'ended';
      callee.told.push('cancel');
    },
    stop: () => Promise.resolve(),
    get counts() {
      return { dialogs: open.size, transactions: 0 };
    },
    invite({ from, to, offer = offerOf(), address = '127.0.0.1', replaces }) {
      const source = { transport: 'udp', address, port: 6199 } as const;
      const trunk = handlers?.trunkOf(source) ?? null;
      if (handlers === null || trunk === null) return null;
      const id = `call-${++farEnds.ids}`;
      let target = 'sip:caller@127.0.0.1:6199';
      const caller: FakeCaller & { listener: CallListener } = {
        told: [],
        sdps: [],
        state: 'calling',
        listener: undefined as never,
        move(to) {
          target = to;
          caller.listener.onChanged?.();
        },
        acknowledge: (answer = null) => caller.listener.onAcknowledged(answer),
        hangUp() {
          if (caller.state === 'ended') return;
          const cause = caller.state === 'answered' ? 'hung-up' : 'cancelled';
          end();
          caller.listener.onEnded(cause);
        },
      };
      const end = () => {
        caller.state = 'ended';
        open.delete(id);
      };
      const call: IncomingCall = {
        id,
        source,
        to,
        from,
        fromName: null,
        offer,
        ring: () => void (caller.state === 'calling' && caller.told.push('ringing')),
        answer(sdp) {
          if (caller.state !== 'calling') return;
          caller.state = 'answered';
          caller.told.push('answered');
          caller.sdps.push(sdp);
          caller.listener.onAnswered();
        },
        refuse(status, reason, retryAfterS) {
          if (caller.state !== 'calling') return;
          end();
          caller.told.push(`${status} ${reason}${retryAfterS === undefined ? '' : ` (${retryAfterS})`}`);
        },
        hangUp(cause) {
          if (caller.state === 'ended') return;
          end();
          caller.told.push(`bye ${cause}`);
        },
        reoffer: (sdp) => void caller.sdps.push(sdp),
        farewell: () => `farewell ${id}`,
        snapshot: () =>
          caller.state !== 'answered'
            ? null
            : {
                callId: id,
                localUri: `sip:${to}@127.0.0.1`,
                localTag: 'ours',
                remoteUri: 'sip:caller@127.0.0.1',
                remoteTag: 'theirs',
                remoteTarget: target,
                routeSet: [],
                localCseq: 0,
                remoteCseq: 1,
                source,
              },
      };
      open.set(id, { caller, call });
      // The engine gives a call its listener only after it was asked for, and tells what happened meanwhile then.
      const untold: ((listener: CallListener) => void)[] = [];
      caller.listener = { onAnswered: () => untold.push((one) => one.onAnswered()) } as unknown as CallListener;
      const listener = replaces === undefined ? handlers.onCall(call, trunk) : replaces.listener.onReplaced?.(call);
      if (listener === null || listener === undefined) return null;
      caller.listener = listener;
      for (const tell of untold) tell(listener);
      return caller;
    },
  };
  return endpoint;
}
