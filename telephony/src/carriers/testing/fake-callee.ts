/** Somebody whom the house calls, in memory: does as the test says, and notes what they are told. */
import type {
  CallListener,
  CallRequest,
  IncomingCall,
  OutgoingCall,
  OutgoingEnd,
  OutgoingListener,
} from '../../sip/contract.js';
import type { SdpAudio } from '../../sdp/contract.js';

export interface FakeCallee {
  readonly request: CallRequest;
  readonly told: string[];
  /** Our descriptions after the first. */
  readonly reoffers: string[];
  state: 'called' | 'answered' | 'ended';
  ring(status?: number, early?: SdpAudio | null): void;
  answer(audio: SdpAudio): void;
  /** Refuses, or comes to nothing. */
  end(cause: OutgoingEnd, status?: number, reason?: string, retryAfterS?: number): void;
}

/** What outlives the endpoint that called them. */
export interface LeftCallee {
  callee: FakeCallee;
  adopt(take: (call: IncomingCall) => CallListener): boolean;
}

export function fakeCallee(id: string, request: CallRequest, listener: OutgoingListener) {
  const told: string[] = [];
  listener.onSent?.(`cancel ${id}`);
  /** Of a process after the one that called. */
  let heir: CallListener | null = null;
  const callee: FakeCallee = {
    request,
    told,
    reoffers: [],
    state: 'called',
    ring: (status = 180, early = null) => listener.onProgress(status, early),
    answer(audio) {
      callee.state = 'answered';
      listener.onAnswered(audio);
    },
    end(cause, status, reason, retryAfterS) {
      if (callee.state === 'ended') return;
      callee.state = 'ended';
      if (heir === null) listener.onEnded(cause, status ?? null, reason ?? null, retryAfterS ?? null);
      else heir.onEnded(cause === 'hung-up' ? cause : 'failed');
    },
  };
  const call: OutgoingCall = {
    id,
    source: { transport: 'udp', address: '192.0.2.50', port: 5060 },
    hangUp(cause) {
      if (callee.state === 'ended') return;
      told.push(callee.state === 'answered' ? `bye ${cause}` : 'cancel');
      callee.end(callee.state === 'answered' ? 'hung-up' : 'cancelled');
    },
    reoffer: (sdp) => void (callee.state === 'answered' && callee.reoffers.push(sdp)),
    snapshot: () =>
      callee.state !== 'answered'
        ? null
        : {
            callId: id,
            localUri: request.from,
            localTag: 'ours',
            remoteUri: request.to,
            remoteTag: 'theirs',
            remoteTarget: request.to,
            routeSet: [],
            localCseq: 1,
            remoteCseq: null,
            source: { transport: 'udp', address: '127.0.0.1', port: 6200 },
          },
  };
  const left: LeftCallee = {
    callee,
    adopt(take) {
      if (callee.state !== 'answered') return false;
      const nothing = { ring() {}, answer() {}, refuse() {}, farewell: () => null };
      const { source } = call;
      if (source === null) return false;
      heir = take({ ...call, ...nothing, source, to: request.to, from: request.from, fromName: null, offer: null });
      return true;
    },
  };
  return { callee, call, left };
}
