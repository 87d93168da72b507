/** The customers' legs: feeds leg.ts with what happens and carries out what it decides. */
import { epochMs, type AgentId, type EpochMs, type LegId, type LineId, type PhoneEvent } from '@denwaban/core';
import { MediaError, type MediaClient } from '../../media/contract.js';
import type { MediaRequest } from '../../media/protocol.js';
import type { DialogSnapshot } from '../../sip/contract.js';
import type { FarEnd, FarEndListener } from './far-end.js';
import { step, type CustomerLeg, type LegAction, type LegInput, type Talk } from './leg.js';
import { placedLeg } from './placed-leg.js';
import type { RingBack } from './ring-back.js';
import type { LineNews } from './line-news.js';
import type { Log } from './log.js';
import type { Recordings } from './recordings.js';
import { readToken } from './leg-token.js';
import { createTalkIndex } from './talk-index.js';

export type Arrival = Omit<Extract<PhoneEvent, { type: 'leg.arrived' }>, 'type' | 'leg' | 'at'>;

export interface CustomersOptions {
  media: Pick<MediaClient, 'request'>;
  /** Asks the media process and forgets. */
  tell(request: MediaRequest): void;
  recordings: Recordings;
  lineNews: Pick<LineNews, 'talks'>;
  now(): EpochMs;
  emit(event: PhoneEvent): void;
  ringBack: RingBack;
  /** The agent talks to this customer no more. */
  talkEnded(agent: AgentId): void;
  /** Calls `late` after `ms` unless called off. */
  after(ms: number, late: () => void): () => void;
  log: Log;
}

export interface Customers {
  /** The caller has a voice: from here on the engine knows the leg. @returns who is to hear of the rest */
  born(id: LegId, arrival: Arrival, far: FarEnd): FarEndListener;
  /** A call of ours, not answered yet; the engine knows its leg already. */
  place(id: LegId, agent: AgentId, far: FarEnd): FarEndListener;
  /** A leg of a process before this one, which the engine knows. `talk`: with whom it is joined. */
  takeUp(id: LegId, far: FarEnd, dialog: DialogSnapshot, talk: Talk | null): FarEndListener;
  /** For a leg that is gone or never was: nothing. */
  feed(id: string, input: LegInput): void;
  /** The media process of this leg died: its caller is given another audio path, or let go. */
  mediaLost(id: string): void;
  has(id: string): boolean;
  ids(): Iterable<LegId>;
  /** The agent can be heard over this line: a talk of theirs moves here, and so does what they hear of a call that they placed. */
  lineProven(agent: AgentId, line: LineId): void;
  lineGone(line: LineId): void;
  /** The agent talks to another customer than this one, or is about to. */
  isBusy(agent: AgentId, but: LegId): boolean;
  /** Somebody is talked to over this line. */
  inTalk(line: LineId): boolean;
  dialogs(): { leg: LegId; dialog: DialogSnapshot }[];
  /** Another process could go on with this leg. */
  canBeLeft(id: string): boolean;
  readonly size: number;
}

/** A caller in silence is told within 3 s, in words or by a BYE; a media process is back in one. */
const reanchorMs = 2_500;
const reanchorRetryMs = 50;

interface Customer {
  id: LegId;
  state: CustomerLeg;
  far: FarEnd;
  dialog: DialogSnapshot | null;
}

export function createCustomers(options: CustomersOptions): Customers {
  const { media, recordings, log } = options;
  const customers = new Map<string, Customer>();
  const index = createTalkIndex();
  const inputs: { id: string; input: LegInput }[] = [];
  let feeding = false;

  /** One input after the other, also when carrying out one brings the next. */
  function feed(id: string, input: LegInput): void {
    inputs.push({ id, input });
    if (feeding) return;
    feeding = true;
    try {
      for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) decide(next.id, next.input);
    } finally {
      feeding = false;
    }
  }
  function decide(id: string, input: LegInput): void {
    const customer = customers.get(id);
    if (customer === undefined) return log.debug({ leg: id, input: input.type }, 'exchange: no such leg');
    const before = customer.state;
    const [state, actions] = step(customer.id, before, input, options.now());
    customer.state = state;
    if (state !== before) index.note(customer.id, state);
    for (const action of actions) {
      try {
        carry(customer, action);
      } catch (problem) {
        log.error({ leg: id, action: action.do, problem: String(problem) }, 'exchange: an action failed');
      }
    }
    if ('talk' in before && !('talk' in state)) options.talkEnded(before.talk.agent);
  }

  function carry({ id, far }: Customer, action: LegAction): void {
    switch (action.do) {
      case 'ring':
        return far.ring();
      case 'answer':
        return far.answer();
      case 'end':
        return far.end(action.reached, action.cause);
      case 'ring-back':
        return options.ringBack.begin(id, action);
      case 'ring-back-over':
        return options.ringBack.over(id);
      case 'play':
        // Whoever was told that somebody else is being fetched waits for them with music.
        return options.tell({
          type: 'play',
          leg: id,
          sound: action.sound,
          ...(action.sound === 'announcement-reconnecting' ? { followedBy: 'hold-music' } : {}),
        });
      case 'bridge':
        return void bridge(id, action);
      case 'rebridge':
        if (action.from !== null) options.tell({ type: 'unbridge', a: id, b: action.from });
        return void media.request({ type: 'bridge', a: id, b: action.to }).then(
          ({ at }) => talksOver(id, epochMs(at)),
          (problem: unknown) => log.debug({ leg: id, problem: String(problem) }, 'exchange: a talk did not move'),
        );
      case 'unbridge':
        return options.tell({ type: 'unbridge', a: id, b: action.line });
      case 'hold':
        return options.tell({ type: 'hold', leg: id, sound: action.sound });
      case 'resume':
        return options.tell({ type: 'resume', leg: id });
      case 'dtmf':
        return options.tell({ type: 'dtmf', leg: id, digits: action.digits });
      case 'reanchor':
        return void reanchor(id, far);
      case 'record-on':
        return recordings.goOn(id);
      case 'bury':
        customers.delete(id);
        index.note(id, null);
        recordings.end(id); // before the leg goes, so that the file is finished and not only cut off
        return options.tell({ type: 'close', leg: id });
      case 'emit':
        return options.emit(action.event);
      case 'ignore':
        return log.debug({ leg: id, because: action.because }, 'exchange: ignored');
      default:
        action satisfies never;
    }
  }

  function talksOver(id: LegId, since: EpochMs | null): void {
    const state = customers.get(id)?.state;
    if (state === undefined || !('talk' in state) || state.talk.line === null) return;
    options.lineNews.talks(id, state.talk.line, state.talk.agent, since);
  }

  async function bridge(id: LegId, action: Extract<LegAction, { do: 'bridge' }>): Promise<void> {
    const { agentLeg, line, recording } = action;
    const stillWanted = () => {
      const state = customers.get(id)?.state;
      return state?.status === 'joining' && state.talk.agentLeg === agentLeg;
    };
    try {
      if (recording !== null) await recordings.begin(recording, id, stillWanted);
      if (!stillWanted()) return;
      const { at } = await media.request({ type: 'bridge', a: id, b: line });
      talksOver(id, epochMs(at));
      feed(id, { type: 'bridged', agentLeg, at: epochMs(at) });
    } catch (problem) {
      log.warn({ leg: id, line, problem: String(problem) }, 'exchange: a join failed');
      feed(id, { type: 'bridge-failed', agentLeg, because: problem instanceof MediaError ? problem.code : 'failed' });
    }
  }

  async function reanchor(id: LegId, far: FarEnd): Promise<void> {
    const deadline = options.now() + reanchorMs;
    while (customers.has(id)) {
      try {
        await far.reanchor?.();
        if (!customers.has(id)) return options.tell({ type: 'close', leg: id }); // gone while the port was being opened
        return feed(id, { type: 'reanchored' });
      } catch (problem) {
        const patient = problem instanceof MediaError && problem.code === 'unreachable' && options.now() < deadline;
        if (!patient) {
          log.warn({ leg: id, problem: String(problem) }, 'exchange: a caller could not be given another audio path');
          return feed(id, { type: 'media-lost', again: false });
        }
        // The one process there is is being started again.
        await new Promise<void>((resolve) => void options.after(reanchorRetryMs, resolve));
      }
    }
  }

  function admit(customer: Customer): FarEndListener {
    const { id } = customer;
    /** The agent's line that hears ring-back in place of a far end that has hung up. */
    let waiting: LineId | null = null;
    customers.set(id, customer);
    index.note(id, customer.state);
    recordings.prepare();
    return {
      rings: (early, alerted) => feed(id, { type: 'far-end-rings', early, alerted }),
      answered(token, trunk) {
        customer.dialog = token === null ? null : readToken(token);
        feed(id, { type: 'far-end-answered', token, ...(trunk === undefined ? {} : { trunk }) });
      },
      moved(token) {
        customer.dialog = readToken(token);
        feed(id, { type: 'far-end-moved', token });
      },
      ended: (cause) => feed(id, { type: 'far-end-ended', cause }),
      digit: (digit) => feed(id, { type: 'digit', digit }),
      transferRings(now) {
        if (waiting !== null) options.tell({ type: 'resume', leg: waiting });
        waiting = now && 'talk' in customer.state ? customer.state.talk.line : null;
        if (waiting !== null) options.tell({ type: 'hold', leg: waiting, sound: 'ring-back' });
      },
    };
  }

  return {
    born(id, arrival, far) {
      const told = admit({ id, state: { status: 'alone', reached: 'arrived' }, far, dialog: null });
      options.emit({ type: 'leg.arrived', leg: id, at: options.now(), ...arrival });
      return told;
    },
    place: (id, agent, far) => admit({ id, state: placedLeg(agent), far, dialog: null }),
    takeUp(id, far, dialog, talk) {
      const reached = 'answered';
      const state: CustomerLeg = talk === null ? { status: 'alone', reached } : { status: 'joined', reached, talk };
      const told = admit({ id, state, far, dialog });
      talksOver(id, null);
      return told;
    },
    feed,
    mediaLost(id) {
      feed(id, { type: 'media-lost', again: customers.get(id)?.far.reanchor !== undefined });
    },
    has: (id) => customers.has(id),
    ids: () => [...customers.values()].map(({ id }) => id),
    isBusy: (agent, but) => index.ofAgent(agent).some((id) => id !== but && 'talk' in (customers.get(id)?.state ?? {})),
    inTalk: (line) => index.ofLine(line).length > 0,
    lineProven(agent, line) {
      for (const id of index.ofAgent(agent)) feed(id, { type: 'line-proven', line });
    },
    lineGone(line) {
      for (const id of index.ofLine(line)) feed(id, { type: 'line-gone', line });
    },
    dialogs: () => [...customers.values()].flatMap(({ id, dialog }) => (dialog === null ? [] : [{ leg: id, dialog }])),
    canBeLeft(id) {
      const customer = customers.get(id);
      return customer !== undefined && customer.dialog !== null;
    },
    get size() {
      return customers.size;
    },
  };
}
