/**
 * A customer's leg as a state machine: a union in, a union and actions out. Pure; exchange.ts carries the actions out.
 *
 *   placed (by us) ── answered ──▶ alone: answered; until then placed-leg.ts decides
 *
 *   alone: arrived ─▶ ringing ─▶ answering ─▶ answered          (any) ─▶ ended
 *            │           │           │           │
 *            └───────────┴─── join ──┴───────────┘
 *                              ▼
 *                           joining ── bridge stands and the far end has answered ──▶ joined (held or not)
 *                              │                                                        │
 *                              └────────── bridge failed, or part ──▶ alone ◀── part ───┘
 *
 * Commands and the world's news cross all the time, so everything unexpected is named and ignored, never thrown.
 */
import type {
  AgentId,
  EpochMs,
  HangUpCause,
  LegEndCause,
  LegId,
  LineId,
  PhoneEvent,
  RecordingId,
  Sound,
  TrunkId,
} from '@denwaban/core';
import { stepPlaced, type PlacedLeg } from './placed-leg.js';

/** How far the caller's own phone has got. `answering`: told to, its own word for it is still to come. */
export type Reached = 'arrived' | 'ringing' | 'answering' | 'answered';
/** The same of a phone that we call: it rings, or not even that. */
export type ReachedOut = 'placed';

export interface Talk {
  agentLeg: LegId;
  agent: AgentId;
  /** The agent's line that the customer is bridged with. Null: it is gone and no other has proven itself yet. */
  line: LineId | null;
  held: Sound | null;
}

export type CustomerLeg =
  | PlacedLeg
  | { status: 'alone'; reached: Reached }
  | { status: 'joining'; reached: Reached; talk: Talk; bridgedAt: EpochMs | null }
  | { status: 'joined'; reached: 'answered'; talk: Talk }
  | { status: 'ended' };

export type LegInput =
  // what the engine wants
  | { type: 'ring' }
  | { type: 'answer' }
  | { type: 'play'; sound: Sound | null }
  /** `line`: the agent's proven line, looked up by the exchange; `busy`: that agent talks to another customer. */
  | { type: 'join'; agentLeg: LegId; agent: AgentId; line: LineId | null; busy: boolean; recording: RecordingId | null }
  | { type: 'part'; agentLeg: LegId }
  | { type: 'hold'; agentLeg: LegId; sound: Sound }
  | { type: 'resume'; agentLeg: LegId }
  | { type: 'dtmf'; digits: string }
  | { type: 'hang-up'; cause: HangUpCause }
  // what the world says
  /** `early`: it sends a sound of its own; `alerted`: somebody's phone rings (180), which other news of this kind leave open. */
  | { type: 'far-end-rings'; early: boolean; alerted: boolean }
  | { type: 'far-end-answered'; token: string | null; trunk?: TrunkId }
  | { type: 'far-end-moved'; token: string }
  | { type: 'far-end-ended'; cause: Exclude<LegEndCause, 'media-lost'> }
  | { type: 'digit'; digit: string }
  | { type: 'bridged'; agentLeg: LegId; at: EpochMs }
  | { type: 'bridge-failed'; agentLeg: LegId; because: string }
  | { type: 'line-proven'; line: LineId }
  | { type: 'line-gone'; line: LineId }
  /** `again`: only our end is gone, with its process, and the far end can be given another. */
  | { type: 'media-lost'; again: boolean }
  | { type: 'reanchored' };

export type LegAction =
  /** To the caller's own phone. */
  | { do: 'ring' }
  | { do: 'answer' }
  | { do: 'end'; reached: Reached | ReachedOut; cause: HangUpCause }
  /** The agent hears that it rings at the number they called: by our own sound, or the network's. */
  | { do: 'ring-back'; agent: AgentId; early: boolean; alerted: boolean }
  | { do: 'ring-back-over' }
  /** To the media process, in this order. */
  | { do: 'play'; sound: Sound | null }
  | { do: 'bridge'; agentLeg: LegId; line: LineId; recording: RecordingId | null }
  | { do: 'rebridge'; from: LineId | null; to: LineId }
  | { do: 'unbridge'; line: LineId }
  | { do: 'hold'; sound: Sound }
  | { do: 'resume' }
  | { do: 'dtmf'; digits: string }
  /** Our end of the audio is to be opened anew; `reanchored` or `media-lost` follows. */
  | { do: 'reanchor' }
  /** In the new end: what was recorded is gone on with. */
  | { do: 'record-on' }
  /** The leg's media and recording are to be ended and the leg forgotten. */
  | { do: 'bury' }
  | { do: 'emit'; event: PhoneEvent }
  | { do: 'ignore'; because: string };

const ended: CustomerLeg = { status: 'ended' };
const ignore = (leg: CustomerLeg, because: string): [CustomerLeg, LegAction[]] => [leg, [{ do: 'ignore', because }]];

/** @param at the exchange's clock at this input */
export function step(id: LegId, leg: CustomerLeg, input: LegInput, at: EpochMs): [CustomerLeg, LegAction[]] {
  if (leg.status === 'ended') return ignore(leg, 'leg-ended');
  if (leg.status === 'placed') return stepPlaced(id, leg, input, at);
  const audible = leg.reached === 'answering' || leg.reached === 'answered';
  const emit = (event: PhoneEvent): LegAction => ({ do: 'emit', event });

  switch (input.type) {
    case 'far-end-rings':
      return ignore(leg, 'not-placed');

    case 'ring':
      if (leg.status !== 'alone' || leg.reached !== 'arrived') return ignore(leg, `already-${leg.reached}`);
      return [{ ...leg, reached: 'ringing' }, [{ do: 'ring' }]];

    case 'answer':
      if (audible) return ignore(leg, `already-${leg.reached}`);
      // While joining, the bridge's own answer will do: nothing is sent twice, and never before the bridge stands.
      if (leg.status !== 'alone') return ignore(leg, 'joining');
      return [{ ...leg, reached: 'answering' }, [{ do: 'answer' }]];

    case 'play':
      if (leg.status !== 'alone') return ignore(leg, leg.status);
      if (!audible) return ignore(leg, 'not-answered');
      return [leg, [{ do: 'play', sound: input.sound }]];

    case 'join': {
      const { agentLeg, agent, line, recording } = input;
      if (leg.status !== 'alone' && leg.talk.agentLeg === agentLeg) return ignore(leg, `already-${leg.status}`);
      const because =
        leg.status !== 'alone' ? 'already-joined' : line === null ? 'no-line' : input.busy ? 'agent-busy' : null;
      if (because !== null || line === null) {
        return [leg, [emit({ type: 'leg.join-failed', customer: id, agentLeg, at, because: because ?? 'no-line' })]];
      }
      const talk: Talk = { agentLeg, agent, line, held: null };
      return [
        { status: 'joining', reached: leg.reached, talk, bridgedAt: null },
        [{ do: 'bridge', agentLeg, line, recording }],
      ];
    }

    case 'bridged':
      if (leg.status !== 'joining' || leg.talk.agentLeg !== input.agentLeg) return ignore(leg, 'join-withdrawn');
      if (leg.reached === 'answered') return joinedNow(id, leg, input.at);
      // The audio path stands before the caller is told so: not a word of the first second is lost.
      return [
        { ...leg, bridgedAt: input.at, reached: 'answering' },
        leg.reached === 'answering' ? [] : [{ do: 'answer' }],
      ];

    case 'bridge-failed':
      if (leg.status !== 'joining' || leg.talk.agentLeg !== input.agentLeg) return ignore(leg, 'join-withdrawn');
      return [
        { status: 'alone', reached: leg.reached },
        [emit({ type: 'leg.join-failed', customer: id, agentLeg: input.agentLeg, at, because: input.because })],
      ];

    case 'far-end-answered': {
      if (leg.reached === 'answered') return ignore(leg, 'already-answered');
      const told = emit({ type: 'leg.answered', leg: id, at, token: input.token });
      if (leg.status === 'joining' && leg.bridgedAt !== null) {
        const [joined, actions] = joinedNow(id, leg, at);
        return [joined, [told, ...actions]];
      }
      return [{ ...leg, reached: 'answered' }, [told]];
    }

    case 'far-end-moved':
      // Before its `leg.answered` nobody has anything to replace, and that one will bear the newest.
      if (leg.reached !== 'answered') return ignore(leg, 'not-answered');
      return [leg, [emit({ type: 'leg.moved', leg: id, at, token: input.token })]];

    case 'part': {
      if (leg.status === 'alone' || leg.talk.agentLeg !== input.agentLeg) return ignore(leg, 'not-joined-so');
      const { line } = leg.talk;
      const unbridge: LegAction[] = line === null ? [] : [{ do: 'unbridge', line }];
      return [{ status: 'alone', reached: leg.reached }, [...unbridge, { do: 'play', sound: null }]];
    }

    case 'hold':
      if (leg.status !== 'joined' || leg.talk.agentLeg !== input.agentLeg) return ignore(leg, 'not-joined-so');
      if (leg.talk.held === input.sound) return ignore(leg, 'already-held'); // the music does not start over
      return [
        { ...leg, talk: { ...leg.talk, held: input.sound } },
        [leg.talk.line === null ? { do: 'play', sound: input.sound } : { do: 'hold', sound: input.sound }],
      ];

    case 'resume':
      if (leg.status !== 'joined' || leg.talk.agentLeg !== input.agentLeg) return ignore(leg, 'not-joined-so');
      if (leg.talk.held === null) return ignore(leg, 'not-held');
      return [
        { ...leg, talk: { ...leg.talk, held: null } },
        [leg.talk.line === null ? { do: 'play', sound: null } : { do: 'resume' }],
      ];

    case 'dtmf':
      if (!audible) return ignore(leg, 'not-answered');
      return [leg, [{ do: 'dtmf', digits: input.digits }]];

    case 'digit':
      return [leg, [emit({ type: 'leg.dtmf', leg: id, at, digit: input.digit })]];

    case 'line-proven':
    case 'line-gone':
      return leg.status === 'alone' ? ignore(leg, 'alone') : lineMoved(leg, input);

    case 'hang-up':
      return [ended, [{ do: 'end', reached: leg.reached, cause: input.cause }, { do: 'bury' }]];

    case 'far-end-ended':
      return [ended, [{ do: 'bury' }, emit({ type: 'leg.ended', leg: id, at, cause: input.cause })]];

    case 'reanchored':
      return reanchored(leg, audible);

    case 'media-lost':
      // A bridge that was being asked for fails by itself; one that stood is built again when there is something to bridge.
      if (input.again) return [leg, [{ do: 'reanchor' }]];
      // Signalling without sound is no call: the caller is let go rather than left in silence.
      return [
        ended,
        [
          { do: 'end', reached: leg.reached, cause: 'failed' },
          { do: 'bury' },
          emit({ type: 'leg.ended', leg: id, at, cause: 'media-lost' }),
        ],
      ];

    default:
      return input satisfies never;
  }
}

function joinedNow(
  id: LegId,
  leg: Extract<CustomerLeg, { status: 'joining' }>,
  at: EpochMs,
): [CustomerLeg, LegAction[]] {
  const { talk } = leg;
  return [
    { status: 'joined', reached: 'answered', talk },
    [{ do: 'emit', event: { type: 'leg.joined', customer: id, agentLeg: talk.agentLeg, at } }],
  ];
}

/** The agent's desk was reloaded or moved to another tab: the talk goes on over the line that works. */
function lineMoved(
  leg: Extract<CustomerLeg, { talk: Talk }>,
  input: Extract<LegInput, { type: 'line-proven' | 'line-gone' }>,
): [CustomerLeg, LegAction[]] {
  const { talk } = leg;
  if (input.type === 'line-gone') {
    if (talk.line !== input.line) return ignore(leg, 'another-line');
    // The bridge went with the line; the music of a hold goes on by itself.
    return [{ ...leg, talk: { ...talk, line: null } }, []];
  }
  if (talk.line === input.line) return ignore(leg, 'same-line');
  const actions: LegAction[] = [{ do: 'rebridge', from: talk.line, to: input.line }];
  if (talk.held !== null) actions.push({ do: 'hold', sound: talk.held });
  return [{ ...leg, talk: { ...talk, line: input.line } }, actions];
}

/** Heard again. Who talked goes on when the agent's line is there, and else is told that it is being fetched. [CNV17] */
function reanchored(
  leg: Exclude<CustomerLeg, { status: 'ended' | 'placed' }>,
  audible: boolean,
): [CustomerLeg, LegAction[]] {
  if (!audible) return [leg, []];
  const actions: LegAction[] = [{ do: 'record-on' }];
  if (leg.status !== 'joined' || leg.talk.line === null)
    actions.push({ do: 'play', sound: 'announcement-reconnecting' });
  else {
    actions.push({ do: 'rebridge', from: null, to: leg.talk.line });
    if (leg.talk.held !== null) actions.push({ do: 'hold', sound: leg.talk.held });
  }
  return [leg, actions];
}
