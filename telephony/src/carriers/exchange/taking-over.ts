/**
 * The calls that a process before this one left (docs/decisions/0009): what the journal knows and a media process still holds goes
 * on as it was.
 */
import type { EpochMs, KnownLeg, LineId, PhoneEvent, RestoredLeg } from '@denwaban/core';
import type { MediaClient } from '../../media/contract.js';
import type { HeldLeg, MediaRequest } from '../../media/protocol.js';
import type { DialogSnapshot, SipEndpoint } from '../../sip/contract.js';
import type { Customers } from './customers.js';
import type { Lines } from './lines.js';
import type { Log } from './log.js';
import type { OwnPlaces } from './media-place.js';
import type { Recordings } from './recordings.js';
import { wishOf } from './sip-audio.js';
import { readToken, type LegToken } from './leg-token.js';
import { takeSipCall } from './sip-caller.js';
import type { TransferMeans } from './transfer.js';
import type { Trunk } from './trunk.js';

export interface TakingOverOptions {
  sip: Pick<SipEndpoint, 'adopt'>;
  media: Pick<MediaClient, 'request'>;
  findTrunk(address: string): Trunk | null;
  trunkOf(id: string | undefined): Trunk | null;
  publicAddress6: string | null;
  own: OwnPlaces | null;
  /** Says what a process before this one left to be said. */
  farewell(note: string): void;
  /** What a trunk lets its far ends do with a call. */
  transferBy(trunk: Trunk | null): TransferMeans | null;
  customers: Customers;
  lines: Lines;
  recordings: Recordings;
  /** Asks the media process and forgets. */
  tell(request: MediaRequest): void;
  emit(event: PhoneEvent): void;
  now(): EpochMs;
  log: Log;
}

/** @returns null when the call cannot be taken up: its audio is gone, or nobody of ours is at its far end */
export type TakeUp = (known: KnownLeg, all: readonly HeldLeg[]) => RestoredLeg | null;

export function createTakeUp(options: TakingOverOptions): TakeUp {
  const { sip, media, findTrunk, trunkOf, transferBy, customers, lines, recordings, tell, emit, now, log } = options;

  /** The record is the truth: a command that was written down and no longer carried out is carried out now. */
  function bringInLine({ leg, talk, sound }: KnownLeg, held: HeldLeg, bridged: boolean): void {
    if (talk === null) {
      if (sound !== null && (!held.playing || held.bridgedTo !== null)) tell({ type: 'play', leg, sound });
    } else if (talk.held !== null) {
      if (bridged && !held.held) tell({ type: 'hold', leg, sound: talk.held });
      else if (!bridged && !held.playing) tell({ type: 'play', leg, sound: talk.held });
    } else if (held.held) tell({ type: 'resume', leg });
  }

  return (known, all) => {
    const { leg, talk, recording } = known;
    const held = all.find((one) => one.leg === leg);
    const token = readToken(known.token);
    if (token?.left === true) {
      if (held?.bridgedTo != null) tell({ type: 'resume', leg: held.bridgedTo }); // its agent heard ring-back
      return null;
    }
    const dialog = token === null ? null : settled(token);
    if (held === undefined || held.rtp === null || dialog === null || customers.has(leg)) return null;
    const { rtp } = held;
    const bridged = all.find((one) => one.leg === held.bridgedTo);
    // What was asked for and not yet done when the process died is not done now either: the engine is told.
    const joins = talk !== null && (talk.joined || bridged !== undefined);
    const line = joins && bridged !== undefined ? (bridged.leg as LineId) : null;
    if (bridged !== undefined && line === null) tell({ type: 'unbridge', a: leg, b: bridged.leg });
    const state = joins ? { agentLeg: talk.agentLeg, agent: talk.agent, line, held: talk.held } : null;
    const trunk = trunkOf(dialog.trunk) ?? findTrunk(dialog.source.address);
    const lives = sip.adopt(dialog, (call) =>
      takeSipCall(call, {
        leg,
        media,
        now,
        log,
        rtp,
        wish: wishOf(trunk, dialog.source, options.publicAddress6),
        own: options.own,
        transfer: transferBy(trunk),
        takenUp: (far) => customers.takeUp(leg, far, dialog, state),
      }),
    );
    if (!lives) return null;
    // Whom it was calling in the far end's place is not called any more, and the far end is told so (sip/agent/refer.ts).
    if (token?.placed !== undefined) options.farewell(token.placed);
    if (token?.placed !== undefined || token?.referral !== undefined)
      emit({ type: 'leg.moved', leg, at: now(), token: JSON.stringify({ ...dialog, referral: undefined }) });
    if (recording !== null && held.recording === recording) recordings.takeUp(recording, leg);
    if (line !== null && talk !== null) lines.found(line, talk.agent, bridged?.proven ?? false);
    bringInLine(known, held, line !== null);
    if (talk !== null && !talk.joined) {
      const facts = { customer: leg, agentLeg: talk.agentLeg, at: now() };
      emit(joins ? { type: 'leg.joined', ...facts } : { type: 'leg.join-failed', ...facts, because: 'restarted' });
    }
    return {
      line: line === null || talk === null ? null : { id: line, agent: talk.agent, proven: bridged?.proven ?? false },
    };
  };
}

function settled(token: LegToken): DialogSnapshot {
  const { placed: _, ...dialog } = token;
  return dialog;
}
