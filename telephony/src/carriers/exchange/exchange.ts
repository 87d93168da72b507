/**
 * The embedded exchange: we are the endpoint of every leg. Customers come by SIP or from a web page, agents hold a warm line,
 * and audio stays in the media process. This file only carries out what leg.ts and lines.ts decide.
 */
import {
  type EpochMs,
  type LegId,
  type PhoneEvent,
  type RestoredLeg,
  type Telephony,
  type TrunkId,
} from '@denwaban/core';
import type { PhoneServerMessage } from '@denwaban/core/wire';
import { MediaError, type MediaClient } from '../../media/contract.js';
import type { MediaRequest } from '../../media/protocol.js';
import type { DialogSnapshot, SipEndpoint, SipEndpointHandlers } from '../../sip/contract.js';
import { createGate, mediaStrain, noStrain, type OwnStrain } from './admission.js';
import type { ExchangeHealth } from './health.js';
import { ExchangeError, toExchangeError } from './errors.js';
import { createCallingOut } from './calling-out.js';
import { createCustomers, type Arrival, type Customers } from './customers.js';
import { createEventQueue, isNews } from './event-queue.js';
import type { FarEnd, FarEndListener } from './far-end.js';
import { createLineNews } from './line-news.js';
import { createLines } from './lines.js';
import type { Log } from './log.js';
import type { OwnPlaces } from './media-place.js';
import { createMediaLink } from './media-link.js';
import { realDisk, type Disk } from './recording-file.js';
import { createPlacing } from './placing.js';
import { createRecordings } from './recordings.js';
import { createRingBack } from './ring-back.js';
import { wishOf } from './sip-audio.js';
import { createLastWords } from './last-words.js';
import { takeSipCall } from './sip-caller.js';
import { createTrunkKeeper, dialledOf } from './trunk-keeper.js';
import { createTrunkRests } from './trunk-rest.js';
import type { Trunk } from './trunk.js';
import { createTakeUp } from './taking-over.js';
import { transferPolicy } from './transfer.js';
import { createWebPhone, type WebPhone } from './web-phone.js';

export interface ExchangeOptions {
  /** Makes the SIP endpoint around our handlers. */
  sip(handlers: SipEndpointHandlers): SipEndpoint;
  /** Owned by the caller, who also closes it. */
  media: MediaClient;
  trunks: readonly Trunk[];
  /** Our own audio ports: a caller's audio cannot be there. */
  own?: OwnPlaces;
  /** Where our audio is reached on IPv6, when that is another address than the media processes name. */
  publicAddress6?: string | null;
  recordingsDir: string;
  /** How the process that we live in does, since it was last asked. Missing: never late. */
  strain?(): OwnStrain;
  now(): EpochMs;
  mintLeg(): LegId;
  log: Log;
  /** Calls `late` after `ms` unless called off by the returned function. Default: a timer. */
  after?: (ms: number, late: () => void) => () => void;
  disk?: Disk;
}

export interface Exchange extends Telephony {
  /** @throws Error with `code` EADDRINUSE and the like */
  start(): Promise<void>;
  /** Hangs up what is left, finishes recordings, closes the SIP sockets. The media client stays the caller's. */
  stop(graceMs?: number): Promise<void>;
  /** Closes the SIP sockets and leaves answered calls, lines and recordings to the process that comes next. */
  leave(graceMs?: number): Promise<void>;
  /** The demo customer's phone. @throws {ExchangeError} `bad-offer`, `overloaded`, `failed` */
  dial(
    request: { from: string; to: string; offer: string },
    listener: (message: PhoneServerMessage) => void,
  ): Promise<{ answer: string; hangUp(): void; dtmf(digit: string): void }>;
  /** Answered SIP legs with what `endOrphan` needs; the same as each `leg.answered` carried as its token. */
  snapshots(): { leg: LegId; dialog: DialogSnapshot }[];
  dialogOf(leg: LegId): DialogSnapshot | null;
  /** Sends a BYE for a dialog of a process that died. Resolves when it was answered or gave up; never rejects. */
  endOrphan(dialog: DialogSnapshot): Promise<void>;
  health(): ExchangeHealth;
}

/** How long calls of a process before this one wait for the names of their carriers. */
const lookUpMs = 2_500;

/** How long a desk's wish for a line waits for a media process; less than a desk waits for us. */
const lineWaitMs = 2_000;

const afterByTimer = (ms: number, late: () => void) => {
  const timer = setTimeout(late, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/** @throws {TrunkConfigError} for a trunk whose address list cannot be read */
export function createExchange(options: ExchangeOptions): Exchange {
  const { media, log } = options;
  const now = () => options.now();
  /** Media legs of callers nobody was told of yet: a port being opened, or a page whose path does not stand. */
  const unborn = new Map<string, WebPhone | null>();
  const after = options.after ?? afterByTimer;
  let stopping = false;
  const gate = createGate(() => ({ ...noStrain, ...options.strain?.(), ...mediaStrain(media.processes, now()) }), now);

  const events = createEventQueue((event) => isNews(event, (leg) => customers.has(leg)), log);
  const emit = (event: PhoneEvent) => events.push(event);
  const recordings = createRecordings({
    media,
    folder: options.recordingsDir,
    disk: options.disk ?? realDisk,
    now,
    emit,
    log,
  });

  /** Asks and forgets. A leg that is gone by now is ordinary. */
  function tell(request: MediaRequest): void {
    media.request(request).catch((problem: unknown) => {
      if (problem instanceof MediaError && (problem.code === 'no-such-leg' || problem.code === 'unreachable')) return;
      log.warn({ request: request.type, problem: String(problem) }, 'media: a request failed');
    });
  }
  const closeMedia = (leg: string) => tell({ type: 'close', leg });

  const lineNews = createLineNews(emit);
  const customers: Customers = createCustomers({
    lineNews,
    ringBack: createRingBack({ media, tell, log, lineOf: (agent) => lines.provenLine(agent) }),
    media,
    tell,
    recordings,
    now,
    emit,
    talkEnded: (agent) => lines.tidy(agent),
    after,
    log,
  });
  const lines = createLines({
    media,
    now,
    emit,
    closeMedia,
    mediaThere: () => link.readyWithin(lineWaitMs),
    inTalk: (line) => customers.inTalk(line),
    proven: (agent, line) => customers.lineProven(agent, line),
    gone: (line) => customers.lineGone(line),
  });

  // --- callers -----------------------------------------------------------------------------------------------------------

  function born(id: LegId, arrival: Arrival, far: FarEnd): FarEndListener {
    unborn.delete(id);
    return customers.born(id, arrival, far);
  }
  function stillborn(id: LegId): void {
    if (unborn.delete(id)) closeMedia(id);
  }

  const keeper = createTrunkKeeper({ trunks: options.trunks, sip: () => sip, after, log });
  const trunkOf = (id: string | undefined) => options.trunks.find((one) => one.id === id) ?? null;
  const sip: SipEndpoint = options.sip({
    ...keeper.handlers,
    onCall(call, asFound) {
      const trunk = keeper.ofCall(asFound, call.to)?.id ?? asFound;
      const leg = options.mintLeg();
      unborn.set(leg, null);
      const { from, fromName } = call;
      const to = dialledOf(trunkOf(trunk), call);
      return takeSipCall(call, {
        leg,
        media,
        open: media.ready && !stopping && gate.admit(),
        now,
        wish: wishOf(trunkOf(trunk), call.source, options.publicAddress6),
        own: options.own ?? null,
        transfer: transferBy(trunkOf(trunk)),
        arrived: (far) => born(leg, { carrier: 'exchange', trunk: trunk as TrunkId, from, fromName, to }, far),
        stillborn: () => stillborn(leg),
        log,
      });
    },
  });

  const lastWords = createLastWords(() => sip, log);
  const calling = createCallingOut(sip);
  const transferBy = transferPolicy(calling, after);
  const rests = createTrunkRests(now);
  const placing = createPlacing({
    ...{ rests, media, calling, customers, transferBy, closeMedia, now, log, trunks: options.trunks },
    ...{ statusOf: keeper.statusOf, lineOf: lines.provenLine },
    publicAddress6: options.publicAddress6 ?? null,
    own: options.own ?? null,
  });
  const link = createMediaLink({
    lineNews,
    media,
    unborn,
    customers,
    lines,
    recordings,
    tell,
    closeMedia,
    farewell: lastWords.endNoted,
    now,
    emit,
    after,
    log,
  });
  const takeUp = createTakeUp({
    ...{ sip, media, trunkOf, transferBy, customers, lines, recordings, tell, emit, now, log },
    findTrunk: keeper.find,
    farewell: lastWords.say,
    publicAddress6: options.publicAddress6 ?? null,
    own: options.own ?? null,
  });

  // --- the port ----------------------------------------------------------------------------------------------------------

  return {
    carryOut(command) {
      switch (command.type) {
        case 'end-orphan': {
          if (!lastWords.end(command.token)) log.debug({}, 'exchange: no token of ours');
          return;
        }
        case 'join': {
          const { customer, agentLeg, agent, recording } = command;
          const busy = customers.isBusy(agent, customer);
          const line = lines.provenLine(agent);
          return customers.feed(customer, { type: 'join', agentLeg, agent, line, busy, recording });
        }
        case 'part':
        case 'hold':
        case 'resume':
          return customers.feed(command.customer, command);
        case 'place':
          return placing(command, !stopping);
        case 'ring':
        case 'answer':
        case 'play':
        case 'dtmf':
        case 'hang-up':
          return customers.feed(command.leg, command);
        default:
          command satisfies never;
      }
    },
    listen: (listener) => events.listen(listener),
    openLine: (request) => lines.open(request),
    closeLine: (line) => lines.close(line),
    claimLine: ({ agent, line }) => lines.claim(agent, line),
    async restore(known) {
      const restored = new Map<LegId, RestoredLeg>();
      await link.takeUp(known.length > 0 ? keeper.known(lookUpMs) : null, (held) => {
        for (const one of known) {
          const leg = takeUp(one, held);
          if (leg !== null) restored.set(one.leg, leg);
        }
      });
      return restored;
    },

    async dial({ from, to, offer }, listener) {
      if (!media.ready || stopping || !gate.admit()) throw new ExchangeError('overloaded', 'no media process');
      const leg = options.mintLeg();
      unborn.set(leg, null);
      let answer: string;
      try {
        ({ answer } = await media.request({ type: 'open-webrtc', leg, offer, heartbeat: false }));
      } catch (problem) {
        unborn.delete(leg);
        throw toExchangeError(problem);
      }
      const arrival: Arrival = { carrier: 'web', trunk: null, from, fromName: null, to };
      const phone = createWebPhone(listener, {
        leg,
        after,
        arrived: (far) => born(leg, arrival, far),
        stillborn: () => stillborn(leg),
      });
      unborn.set(leg, phone);
      return { answer, hangUp: () => phone.hangUp(), dtmf: (digit) => phone.dtmf(digit) };
    },

    async start() {
      await link.meet();
      await sip.start();
      keeper.start();
      lastWords.opened();
    },
    async stop(graceMs = 2_000) {
      stopping = true;
      for (const phone of unborn.values()) phone?.lost();
      for (const id of customers.ids()) customers.feed(id, { type: 'hang-up', cause: 'normal' });
      lines.closeAll();
      await Promise.all([keeper.stop().then(() => sip.stop(graceMs)), recordings.settled(graceMs)]);
      events.flush();
      link.release();
    },
    async leave(graceMs = 500) {
      stopping = true;
      for (const phone of unborn.values()) phone?.lost();
      // Who was not answered yet has nothing that could be taken up: better told now than left ringing.
      for (const id of customers.ids()) {
        if (!customers.canBeLeft(id)) customers.feed(id, { type: 'hang-up', cause: 'overloaded' });
      }
      keeper.leave();
      await sip.stop(graceMs, 'live-on');
      events.flush();
      link.release();
    },

    snapshots: () => customers.dialogs(),
    dialogOf: (leg) => customers.dialogs().find((one) => one.leg === leg)?.dialog ?? null,
    endOrphan: lastWords.bye,
    health() {
      const { lines: open, proven } = lines.counts;
      return {
        media: media.ready,
        overloaded: gate.overloaded,
        legs: customers.size,
        lines: open,
        linesProven: proven,
        recordings: recordings.open,
        dialogs: sip.counts.dialogs,
        transactions: sip.counts.transactions,
        trunks: keeper.health().map((one) => ({ ...one, resting: rests.of(one.id) })),
      };
    },
  };
}
