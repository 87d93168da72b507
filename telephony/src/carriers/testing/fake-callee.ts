/** Somebody whom the house calls, in memory: does as the test says, and notes what they are told. */
import type { CallRequest, OutgoingCall, OutgoingEnd, OutgoingListener } from '../../sip/contract.js';
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
  end(cause: OutgoingEnd, status?: number, reason?: string): void;
}

export function fakeCallee(id: string, request: CallRequest, listener: OutgoingListener) {
  const told: string[] = [];
  listener.onSent?.(`cancel ${id}`);
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
    end(cause, status, reason) {
      if (callee.state === 'ended') return;
      callee.state = 'ended';
      listener.onEnded(cause, status ?? null, reason ?? null);
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
  return { callee, call };
}
