/** What the media processes say, given to whom it concerns; and what becomes of legs and lines when one of them dies or is back. */
import { epochMs, type EpochMs, type LegId, type LineId, type PhoneEvent, type RecordingId } from '@denwaban/core';
import type { MediaClient, Owns } from '../../media/contract.js';
import { mediaProtocolVersion, type HeldLeg, type MediaEvent, type MediaRequest } from '../../media/protocol.js';
import type { Customers } from './customers.js';
import type { Lines } from './lines.js';
import type { LineNews } from './line-news.js';
import type { Log } from './log.js';
import type { Recordings } from './recordings.js';
import type { WebPhone } from './web-phone.js';

export interface MediaLinkOptions {
  media: MediaClient;
  /** Media legs of callers nobody was told of yet. */
  unborn: ReadonlyMap<string, WebPhone | null>;
  customers: Customers;
  lines: Lines;
  lineNews: LineNews;
  recordings: Recordings;
  /** Asks the media process and forgets. */
  tell(request: MediaRequest): void;
  closeMedia(leg: string): void;
  /** Tells the far end of a leg that nobody knows any more, by what was noted of it. */
  farewell(note: string): void;
  now(): EpochMs;
  emit(event: PhoneEvent): void;
  after(ms: number, late: () => void): () => void;
  log: Log;
}

export interface MediaLink {
  /** Listens to the media processes. Once; more often is harmless. */
  attend(): void;
  /** Hears of what was there before anybody listened, unless `takeUp` did. */
  meet(): Promise<void>;
  /**
   * Before anything else: what the processes hold is given to `work`, and what it leaves ends. News of the meantime waits until
   * then. Waits for all of the processes, 5 s at most, when there is something `wanted`, and for that.
   */
  takeUp(wanted: Promise<void> | null, work: (held: readonly HeldLeg[]) => void): Promise<void>;
  /** Resolves when somebody can be asked, or after `withinMs`: a process that died is back in about one second. */
  readyWithin(withinMs: number): Promise<void>;
  /** Listens no more. */
  release(): void;
}

/** How long a start with calls to take up waits for the media processes that hold them. */
const restoreMs = 5_000;
/** How long the desks may take to come back for their lines after a restart. */
const claimMs = 15_000;
const everyLeg: Owns = () => true;

export function createMediaLink(options: MediaLinkOptions): MediaLink {
  const { media, unborn, customers, lines, lineNews, recordings, tell, closeMedia, farewell, now, emit, after, log } =
    options;
  const subscriptions: (() => void)[] = [];
  /** Before the first word with every process: the lines it holds then were left by a control before this one. */
  let firstContact = true;
  /** While legs are being taken up, news of them waits until they are known. */
  let untold: MediaEvent[] | null = null;

  function heard(event: MediaEvent): void {
    if (untold !== null) return void untold.push(event);
    if (event.type === 'log') return; // the client has it
    if (event.type === 'recording-finished') {
      // Also of recordings that a control process before this one began: the engine knows them by their id.
      const { path, durationMs, bytes } = event;
      const [recording, leg] = [event.recording as RecordingId, event.leg as LegId];
      const at = epochMs(event.at);
      recordings.finished({ type: 'recording.finished', recording, leg, at, path, durationMs, bytes });
      return;
    }
    if (event.type === 'leg-quality') return lineNews.heard(event);
    if (event.type === 'fax-tone') {
      if (!customers.has(event.leg)) return;
      log.info({ leg: event.leg, tone: event.tone }, 'media: a fax machine');
      return emit({ type: 'leg.fax', leg: event.leg as LegId, at: epochMs(event.at) });
    }
    lines.onMedia(event);
    if (event.type === 'leg-connected') unborn.get(event.leg)?.connected();
    else if (event.type === 'dtmf') {
      if (customers.has(event.leg)) customers.feed(event.leg, { type: 'digit', digit: event.digit });
    } else if (event.type === 'leg-lost') {
      unborn.get(event.leg)?.lost();
      if (!customers.has(event.leg)) return;
      log.info({ leg: event.leg, because: event.because }, 'media: a customer is lost');
      customers.feed(event.leg, { type: 'media-lost', again: false });
    }
  }

  /** One of the processes is gone, and with it what lived in it; the others' calls go on. */
  function lost(owns: Owns): void {
    log.error({ legs: customers.size, ...lines.counts }, 'media: a process is lost');
    emit({ type: 'media.lost', at: now() });
    for (const [leg, phone] of unborn) if (owns(leg)) phone?.lost();
    for (const id of customers.ids()) if (owns(id)) customers.mediaLost(id);
    lines.mediaLost(owns);
  }

  /** Legs that a media process holds and we do not know are of a control process that died: they end here. */
  function ready(held: readonly HeldLeg[], owns: Owns): void {
    if (untold !== null) return; // `takeUp` asks for itself
    const finishing = new Set<string>();
    let found = 0;
    for (const { leg, recording, proven, note, playing, bridgedTo } of held) {
      if (customers.has(leg) || unborn.has(leg) || lines.knows(leg)) continue;
      if (firstContact && leg.startsWith('ln_')) {
        // The desks are on their way back to us, and their lines stand: nobody need build one anew.
        lines.found(leg as LineId, null, proven);
        // Ring-back of a call that rings no more: who placed it is gone.
        if (playing && bridgedTo === null) tell({ type: 'play', leg, sound: null });
        found += 1;
        continue;
      }
      log.warn({ leg, recording }, 'media: ending a leg that nobody holds');
      if (recording !== null) {
        finishing.add(recording);
        tell({ type: 'stop-record', recording }); // `recording-finished` follows, with the leg's id
      }
      if (note !== null) farewell(note);
      closeMedia(leg);
    }
    recordings.reconcile(finishing, (leg) => owns(leg) && !customers.has(leg));
    if (found > 0) subscriptions.push(after(claimMs, () => lines.closeUnclaimed()));
    // One that is slow to answer may hold lines too.
    if (media.complete) firstContact = false;
  }

  const ask = async (): Promise<readonly HeldLeg[] | null> => {
    const hello = { type: 'hello', version: mediaProtocolVersion } as const;
    const held = await media.request(hello).catch(() => null); // lost in this moment: `onReady` will tell
    return held?.legs ?? null;
  };
  function wait(withinMs: number, enough: () => boolean): Promise<void> {
    if (enough()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        deaf();
        callOff();
        resolve();
      };
      const deaf = media.onReady(() => enough() && done());
      const callOff = after(withinMs, done);
    });
  }
  function attend(): void {
    if (subscriptions.length === 0) subscriptions.push(media.onEvent(heard), media.onLost(lost), media.onReady(ready));
  }

  return {
    attend,
    async meet() {
      attend();
      if (!media.ready || !firstContact) return;
      const held = await ask();
      if (held !== null) ready(held, everyLeg);
    },
    async takeUp(wanted, work) {
      untold = [];
      attend();
      // A house that starts with nothing to take up does not wait for its media processes.
      if (wanted !== null) await wait(restoreMs, () => media.complete);
      await wanted;
      const held = media.ready ? await ask() : null;
      const late = untold;
      untold = null;
      work(held ?? []);
      if (held !== null) ready(held, everyLeg);
      for (const event of late) heard(event);
    },
    readyWithin: (withinMs) => wait(withinMs, () => media.ready),
    release() {
      for (const stop of subscriptions.splice(0)) stop();
    },
  };
}
