/**
 * Several media processes as one. Whoever asks names a leg; the pool knows in which process it lives. Two legs of one process are
 * bridged there. Two of different processes are patched: a plain RTP leg in each, aimed at the other over loopback, and each
 * bridged with its own (docs/decisions/0012-media-pool.md). Patches are nobody else's business: their legs are never told of.
 */
import { randomBytes } from 'node:crypto';
import { MediaError, type MediaClient, type MediaProcessState, type Owns } from './contract.js';
import { connectMedia, type MediaLog } from './client.js';
import {
  mediaProtocolVersion,
  type HeldLeg,
  type MediaEvent,
  type MediaReplies,
  type MediaRequest,
} from './protocol.js';
import { isPlug, mintPatch, pairPlugs, plugRemote, type Patch } from './patch.js';
import { touchedBy } from './requests.js';
import { Turns } from './turns.js';

export interface PoolOptions {
  /** Where a media process of this machine reaches another: the address they bind to, or 127.0.0.1 for all of them. */
  patchAddress: string;
  log: MediaLog;
}

/** Where a process that binds to `address` is reached by another of this machine. */
export const patchAddressOf = (address: string): string =>
  address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;

/** What a leg costs beside a plain RTP one: SRTP is most of it (docs/decisions/0012-media-pool.md). */
const webRtcWeight = 3;

interface Home {
  member: MediaClient;
  weight: number;
  /** Asked for, and not in any list of the process's yet. */
  opening: boolean;
}

/** @param sockets of the media processes; with one there is nothing to pool */
export function connectMediaProcesses(sockets: readonly string[], options: PoolOptions): MediaClient {
  const clients = sockets.map((socket) => connectMedia(socket, options.log));
  const [only] = clients;
  return only !== undefined && clients.length === 1 ? only : createMediaPool(clients, options);
}

/** Owns the clients: closing the pool closes them. */
export function createMediaPool(members: readonly MediaClient[], { patchAddress, log }: PoolOptions): MediaClient {
  const homes = new Map<string, Home>();
  /** By each of the two legs. */
  const patches = new Map<string, Patch<MediaClient>>();
  /** Plugs of patches that are being made. */
  const making = new Set<string>();
  /** Which process writes it. */
  const recordings = new Map<string, MediaClient>();
  const turns = new Turns();
  const eventListeners = new Set<(event: MediaEvent) => void>();
  const lostListeners = new Set<(owns: Owns) => void>();
  const readyListeners = new Set<(legs: readonly HeldLeg[], owns: Owns) => void>();
  const isComplete = (): boolean => members.every((member) => member.ready);
  const livesIn =
    (member: MediaClient): Owns =>
    (leg) =>
      homes.get(leg)?.member === member;

  const homeOf = (leg: string): MediaClient => {
    const home = homes.get(leg);
    if (home === undefined) throw new MediaError('no-such-leg', leg);
    return home.member;
  };
  const loadOf = (member: MediaClient): number => {
    let load = 0;
    for (const home of homes.values()) if (home.member === member) load += home.weight;
    return load;
  };

  const isRetiring = (member: MediaClient): boolean => member.processes.some(({ load }) => load?.retiring === true);

  /** The process with the least to do; one that has no free port, or dies in this moment, hands on to the next. */
  async function open(
    request: Extract<MediaRequest, { type: 'open-rtp' | 'open-webrtc' }>,
  ): Promise<MediaReplies['open-rtp'] | MediaReplies['open-webrtc']> {
    const { leg } = request;
    if (homes.get(leg)?.member.ready) throw new MediaError('leg-exists', leg);
    const weight = request.type === 'open-webrtc' ? webRtcWeight : 1;
    const beside = request.type === 'open-rtp' && request.near !== undefined ? homes.get(request.near)?.member : null;
    const rank = (member: MediaClient) => (member === beside ? 0 : isRetiring(member) ? 2 : 1);
    const ready = members
      .filter((member) => member.ready)
      .toSorted((a, b) => rank(a) - rank(b) || loadOf(a) - loadOf(b));
    let problem: unknown = new MediaError('unreachable', 'no media process is connected');
    for (const member of ready) {
      const home = { member, weight, opening: true };
      homes.set(leg, home); // before the reply, so that several at once are spread too
      try {
        return await member.request(request);
      } catch (error) {
        if (homes.get(leg) === home) homes.delete(leg);
        problem = error;
        if (!(error instanceof MediaError) || (error.code !== 'no-port' && error.code !== 'unreachable')) break;
      } finally {
        home.opening = false;
      }
    }
    throw problem;
  }

  // --- patches -----------------------------------------------------------------------------------------------------------

  const discard = (member: MediaClient, plug: string): void => {
    member.request({ type: 'close', leg: plug }).catch(() => undefined); // gone with its process, or never made
  };
  /** @returns whether there was one */
  function unpatch(leg: string): boolean {
    const patch = patches.get(leg);
    if (patch === undefined) return false;
    for (const end of patch) {
      patches.delete(end.leg);
      discard(end.member, end.plug);
    }
    return true;
  }

  async function bridge(a: string, b: string): Promise<MediaReplies['bridge']> {
    const [homeA, homeB] = [homeOf(a), homeOf(b)];
    const known = patches.get(a);
    if (known !== undefined && known === patches.get(b)) return { at: known.since };
    unpatch(a);
    unpatch(b);
    if (homeA === homeB) return homeA.request({ type: 'bridge', a, b });
    const [first, second] = mintPatch(randomBytes(6).toString('hex'), [a, homeA], [b, homeB]);
    const patch: Patch<MediaClient> = Object.assign([first, second] as const, { since: 0 });
    for (const { plug } of patch) making.add(plug);
    try {
      const ports = await Promise.all(
        patch.map(
          async ({ member, plug }) => (await member.request({ type: 'open-rtp', leg: plug, remote: null })).port,
        ),
      );
      const stands = await Promise.all(
        patch.map(async ({ member, plug, leg }, i) => {
          const aimed = member.request({ type: 'aim-rtp', leg: plug, remote: plugRemote(patchAddress, ports[1 - i]!) });
          const [bridged] = await Promise.all([member.request({ type: 'bridge', a: leg, b: plug }), aimed]);
          return bridged.at;
        }),
      );
      patch.since = Math.max(...stands);
    } catch (problem) {
      for (const { member, plug } of patch) discard(member, plug);
      throw problem;
    } finally {
      for (const { plug } of patch) making.delete(plug);
    }
    for (const end of patch) patches.set(end.leg, patch);
    log('info', 'two media processes are patched', { a, b });
    return { at: patch.since };
  }
  async function unbridge(a: string, b: string): Promise<null> {
    const patch = patches.get(a);
    if (patch !== undefined && patch === patches.get(b)) {
      // As one process does it: what plays to either stops. A leg that just went is no error.
      await Promise.allSettled(
        patch.map(({ member, leg, plug }) => member.request({ type: 'unbridge', a: leg, b: plug })),
      );
      unpatch(a);
      return null;
    }
    const [homeA, homeB] = [homeOf(a), homeOf(b)];
    return homeA === homeB ? homeA.request({ type: 'unbridge', a, b }) : null;
  }
  /** A leg of a patch failed, and with it the way between two people who may still be there. */
  function mend(plug: string): void {
    const patch = [...patches.values()].find((one) => one.some((end) => end.plug === plug));
    if (patch === undefined) return;
    const [{ leg: a }, { leg: b }] = patch;
    unpatch(a);
    log('error', 'a patch between two media processes broke and is made anew', { a, b });
    turns
      .take([`leg ${a}`, `leg ${b}`], () => bridge(a, b))
      .catch((problem: unknown) => log('error', 'a patch could not be made anew', { a, b, problem: String(problem) }));
  }

  // --- what the processes say --------------------------------------------------------------------------------------------

  /** Plugs that each process held when we connected: they may be of a control before us. */
  const plugs = new Map<MediaClient, readonly HeldLeg[]>();
  function learn(member: MediaClient, held: readonly HeldLeg[]): void {
    for (const [leg, home] of homes) {
      if (home.member === member && !home.opening && !held.some((one) => one.leg === leg)) homes.delete(leg);
    }
    for (const [recording, where] of recordings) {
      if (where === member && !held.some((one) => one.recording === recording)) recordings.delete(recording);
    }
    for (const { leg, rtp, recording } of held) {
      if (isPlug(leg)) continue;
      homes.set(leg, { member, weight: rtp === null ? webRtcWeight : 1, opening: false });
      if (recording !== null) recordings.set(recording, member);
    }
    plugs.set(
      member,
      held.filter(({ leg }) => isPlug(leg)),
    );
  }
  function takeUpPatches(): void {
    const { whole, halves } = pairPlugs(
      members.flatMap((member) => (plugs.get(member) ?? []).map((plug) => [member, plug] as const)),
    );
    for (const patch of whole) for (const end of patch) if (!patches.has(end.leg)) patches.set(end.leg, patch);
    if (!isComplete()) return; // the other half may be in a process that is still to come
    const inUse = new Set([...making, ...[...patches.values()].flatMap((patch) => patch.map(({ plug }) => plug))]);
    for (const { member, plug } of halves) if (!inUse.has(plug)) discard(member, plug);
    plugs.clear();
  }
  /** As one process would list them: a leg is bridged with the other end of its patch. */
  const seenFromOutside = (held: readonly HeldLeg[]): HeldLeg[] =>
    held
      .filter(({ leg }) => !isPlug(leg))
      .map((one) => {
        const patch = patches.get(one.leg);
        const far = patch?.find(({ leg }) => leg !== one.leg);
        if (far !== undefined) return { ...one, bridgedTo: far.leg };
        return one.bridgedTo !== null && isPlug(one.bridgedTo) ? { ...one, bridgedTo: null } : one;
      });

  async function hello(): Promise<MediaReplies['hello']> {
    const asked = await Promise.allSettled(
      members.map(async (member) => {
        const { legs } = await member.request({ type: 'hello', version: mediaProtocolVersion });
        return [member, legs] as const;
      }),
    );
    const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const [member, legs] of told) learn(member, legs);
    takeUpPatches();
    return { version: mediaProtocolVersion, pid: 0, legs: seenFromOutside(told.flatMap(([, legs]) => legs)) };
  }

  for (const member of members) {
    const owns = livesIn(member);
    member.onEvent((event) => {
      if ('leg' in event && isPlug(event.leg)) {
        if (event.type === 'leg-lost') mend(event.leg);
        return;
      }
      if (event.type === 'leg-lost') {
        unpatch(event.leg);
        if (owns(event.leg)) homes.delete(event.leg);
      }
      if (event.type === 'recording-finished') recordings.delete(event.recording);
      for (const listener of eventListeners) listener(event);
    });
    member.onLost(() => {
      for (const [leg, patch] of patches) if (patch.some((end) => end.member === member)) unpatch(leg);
      for (const listener of lostListeners) listener(owns);
    });
    member.onReady((held) => {
      const before = new Set([...homes].filter(([, home]) => home.member === member).map(([leg]) => leg));
      learn(member, held);
      takeUpPatches();
      const seen = seenFromOutside(held);
      for (const listener of readyListeners) listener(seen, (leg) => before.has(leg) || owns(leg));
    });
  }

  function route(request: Exclude<MediaRequest, { type: 'hello' }>): Promise<unknown> {
    switch (request.type) {
      case 'open-rtp':
      case 'open-webrtc':
        return open(request);
      case 'bridge':
        return bridge(request.a, request.b);
      case 'unbridge':
        return unbridge(request.a, request.b);
      case 'close': {
        unpatch(request.leg);
        const member = homeOf(request.leg);
        // Where a leg lived whose process is away is remembered until that one is back: its recording has to be found.
        if (member.ready) homes.delete(request.leg);
        return member.request(request);
      }
      case 'record': {
        const member = homeOf(request.leg);
        recordings.set(request.recording, member);
        return member.request(request);
      }
      case 'stop-record':
        // Nobody writes it: it is finished, or died with its process.
        return recordings.get(request.recording)?.request(request) ?? Promise.resolve(null);
      default:
        return homeOf(request.leg).request(request);
    }
  }

  return {
    async request<Type extends MediaRequest['type']>(
      request: Extract<MediaRequest, { type: Type }>,
    ): Promise<MediaReplies[Type]> {
      const asked: MediaRequest = request;
      if (asked.type === 'hello') return (await hello()) as MediaReplies[Type];
      return (await turns.take(touchedBy(asked), async () => route(asked))) as MediaReplies[Type];
    },
    onEvent: (listener) => subscribe(eventListeners, listener),
    onLost: (listener) => subscribe(lostListeners, listener),
    onReady: (listener) => subscribe(readyListeners, listener),
    get ready() {
      return members.some((member) => member.ready);
    },
    get complete() {
      return isComplete();
    },
    get processes(): readonly MediaProcessState[] {
      return members.flatMap((member) => member.processes);
    },
    close() {
      for (const member of members) member.close();
    },
  };
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
