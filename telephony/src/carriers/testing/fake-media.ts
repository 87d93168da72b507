/** A media process in memory, by the contract of media/: what each leg would hear, and hooks for everything that can go wrong. */
import { MediaError, type MediaClient, type Owns } from '../../media/contract.js';
import type { MediaErrorCode, MediaEvent, MediaReplies, MediaRequest, RtpRemote } from '../../media/protocol.js';

export interface FakeLeg {
  kind: 'rtp' | 'webrtc';
  remote: RtpRemote | null;
  sound: string | null;
  followedBy: string | null;
  partner: string | null;
  /** Whom it hears without being heard. */
  mouth: string | null;
  held: string | null;
  proven: boolean;
  recording: string | null;
  note: string | null;
  /** When its bridge stood. */
  since: number;
  port: number;
}

export interface FakeMedia extends MediaClient {
  readonly legs: Map<string, FakeLeg>;
  readonly requests: MediaRequest[];
  say(event: MediaEvent): void;
  /** What the leg hears: `silence`, `sound`, or `person` when a bridge partner can be heard. */
  hears(leg: string): 'silence' | 'sound' | 'person';
  /** The next request of this type fails. */
  failNext(type: MediaRequest['type'], code: MediaErrorCode): void;
  /** Requests of this type wait until the returned function is called. */
  stall(type: MediaRequest['type']): () => void;
  /** The process dies with everything it held; `back` connects a new, empty one (or the old one: `keep`). */
  die(keep?: boolean): void;
  back(): void;
  /** The control process is gone: nobody listens any more. */
  forgetControl(): void;
}

/** A line on which nothing was ever lost. */
const cleanDirection = { packets: 500, lostPercent: 0, jitterMs: 1, mos: 4.41 };
const cleanLine = { mos: 4.41, from: cleanDirection, to: cleanDirection, rttMs: 2 };

export const fakeKeys = {
  AES_CM_128_HMAC_SHA1_80: Buffer.alloc(30, 1).toString('base64'),
  AES_CM_128_HMAC_SHA1_32: Buffer.alloc(30, 2).toString('base64'),
};

export function fakeMedia(options: { now(): number }): FakeMedia {
  const legs = new Map<string, FakeLeg>();
  const requests: MediaRequest[] = [];
  const on = {
    event: new Set<(event: MediaEvent) => void>(),
    lost: new Set<(owns: Owns) => void>(),
    ready: new Set<(legs: MediaReplies['hello']['legs'], owns: Owns) => void>(),
  };
  const recordings = new Map<string, { leg: string; path: string; startedAt: number }>();
  const failing = new Map<string, MediaErrorCode>();
  const stalled = new Map<string, Promise<void>>();
  let ready = true;
  let port = 20_200;

  const listed = () =>
    [...legs].map(([leg, { kind, partner, recording, proven, held, sound, note, port }]) => ({
      note,
      leg,
      bridgedTo: partner,
      recording,
      proven,
      held: held !== null,
      playing: held !== null || sound !== null,
      rtp: kind === 'rtp' ? { address: '127.0.0.1', port } : null,
    }));
  const say = (event: MediaEvent) => {
    if (event.type === 'line-proven') must(event.leg).proven = true;
    if (event.type === 'line-suspect') must(event.leg).proven = false;
    if (event.type === 'leg-lost') drop(event.leg);
    for (const listener of on.event) listener(event);
  };
  function must(leg: string): FakeLeg {
    const found = legs.get(leg);
    if (found === undefined) throw new MediaError('no-such-leg', leg);
    return found;
  }
  function unbridge(leg: FakeLeg): void {
    const partner = leg.partner === null ? undefined : legs.get(leg.partner);
    for (const [id, one] of legs) if (partner !== undefined && (one === leg || one === partner)) say(measured(id, one));
    for (const side of [leg, partner]) if (side !== undefined) Object.assign(side, { partner: null, held: null });
  }
  const measured = (leg: string, { since }: FakeLeg): MediaEvent => ({
    type: 'leg-quality',
    leg,
    at: options.now(),
    since,
    final: true,
    spanMs: options.now() - since,
    mean: cleanLine,
    worst: cleanLine,
  });
  function drop(id: string): void {
    const leg = must(id);
    // As the real one does: a partner on hold keeps its music until it is told otherwise.
    const partner = leg.partner === null ? undefined : legs.get(leg.partner);
    const music = partner?.held ?? null;
    unbridge(leg);
    if (partner !== undefined) partner.sound = music;
    legs.delete(id);
    if (leg.recording === null) return;
    // The file is made whole before it is told of: `stop-record` finds nothing by then, and the event comes afterwards.
    const told = finished(leg.recording);
    if (told !== null) setImmediate(say, told);
  }
  function finished(recording: string): Extract<MediaEvent, { type: 'recording-finished' }> | null {
    const held = recordings.get(recording);
    if (held === undefined) return null;
    recordings.delete(recording);
    const leg = legs.get(held.leg);
    if (leg !== undefined) leg.recording = null;
    const at = options.now();
    const durationMs = at - held.startedAt;
    const { path } = held;
    return { type: 'recording-finished', recording, leg: held.leg, at, path, durationMs, bytes: 44 + durationMs * 32 };
  }
  function finish(recording: string): MediaReplies['stop-record'] {
    const event = finished(recording);
    if (event === null) return null;
    say(event);
    return { path: event.path, durationMs: event.durationMs, bytes: event.bytes };
  }
  const fresh = (kind: FakeLeg['kind'], remote: RtpRemote | null): FakeLeg => ({
    kind,
    remote,
    sound: null,
    followedBy: null,
    partner: null,
    mouth: null,
    held: null,
    proven: false,
    recording: null,
    note: null,
    since: 0,
    port: (port += 2),
  });
  function open(id: string, leg: FakeLeg): void {
    if (legs.has(id)) throw new MediaError('leg-exists', id);
    legs.set(id, leg);
  }

  function answer(request: MediaRequest): MediaReplies[MediaRequest['type']] {
    switch (request.type) {
      case 'hello':
        return { version: request.version, pid: 1, legs: listed() };
      case 'open-rtp':
        open(request.leg, { ...fresh('rtp', request.remote), note: request.note ?? null });
        return { address: '127.0.0.1', port, keys: request.keys ?? fakeKeys };
      case 'keys-of':
        return { keys: fakeKeys, secure: (must(request.leg).remote?.srtp ?? null) !== null };
      case 'aim-rtp':
        must(request.leg).remote = request.remote;
        return null;
      case 'open-webrtc':
        if (!request.offer.startsWith('v=0')) throw new MediaError('bad-sdp', 'no v=0');
        open(request.leg, fresh('webrtc', null));
        return { answer: 'v=0\r\no=answer\r\n' };
      case 'close':
        drop(request.leg);
        return null;
      case 'play':
        if (must(request.leg).partner !== null && must(request.leg).held === null) return null;
        Object.assign(must(request.leg), { sound: request.sound, followedBy: request.followedBy ?? null, mouth: null });
        return null;
      case 'bridge': {
        const [a, b] = [must(request.a), must(request.b)];
        unbridge(a);
        unbridge(b);
        const since = options.now();
        Object.assign(a, { partner: request.b, sound: null, mouth: null, since });
        Object.assign(b, { partner: request.a, sound: null, mouth: null, since });
        return { at: since };
      }
      case 'unbridge':
        if (must(request.a).partner === request.b) unbridge(must(request.a));
        return null;
      case 'listen':
        must(request.to);
        must(request.leg).mouth = request.to;
        return null;
      case 'hold':
        must(request.leg).held = request.sound;
        return null;
      case 'resume':
        must(request.leg).held = null;
        return null;
      case 'record':
        must(request.leg).recording = request.recording;
        if (!recordings.has(request.recording)) {
          recordings.set(request.recording, { leg: request.leg, path: request.path, startedAt: options.now() });
        }
        return null;
      case 'stop-record':
        return finish(request.recording);
      case 'note':
        must(request.leg).note = request.note;
        return null;
      case 'dtmf':
        must(request.leg);
        return null;
    }
  }

  return {
    legs,
    requests,
    say,
    get ready() {
      return ready;
    },
    get complete() {
      return ready;
    },
    get processes() {
      return [{ name: 'media-1', ready, pid: 1, load: null }];
    },
    async request(request) {
      requests.push(request);
      await (stalled.get(request.type) ?? Promise.resolve());
      if (!ready) throw new MediaError('unreachable', 'the process is gone');
      const code = failing.get(request.type);
      if (code !== undefined && failing.delete(request.type)) throw new MediaError(code, 'as asked');
      return answer(request) as never;
    },
    onEvent(listener) {
      on.event.add(listener);
      return () => on.event.delete(listener);
    },
    onLost(listener) {
      on.lost.add(listener);
      return () => on.lost.delete(listener);
    },
    onReady(listener) {
      on.ready.add(listener);
      return () => on.ready.delete(listener);
    },
    close() {},
    hears(id) {
      const leg = legs.get(id);
      if (leg === undefined) return 'silence';
      if (leg.held !== null) return 'sound';
      const partner = leg.partner === null ? undefined : legs.get(leg.partner);
      if (partner !== undefined) return partner.held === null ? 'person' : 'silence';
      if (leg.mouth !== null && legs.has(leg.mouth)) return 'person';
      return leg.sound === null ? 'silence' : 'sound';
    },
    failNext: (type, code) => void failing.set(type, code),
    stall(type) {
      let go = () => {};
      stalled.set(type, new Promise((resolve) => (go = resolve)));
      return () => {
        stalled.delete(type);
        go();
      };
    },
    die(keep = false) {
      ready = false;
      if (!keep) {
        legs.clear();
        recordings.clear();
      }
      for (const listener of on.lost) listener(() => true);
    },
    forgetControl() {
      for (const listeners of Object.values(on)) listeners.clear();
    },
    back() {
      ready = true;
      for (const listener of on.ready) listener(listed(), () => true);
    },
  };
}
