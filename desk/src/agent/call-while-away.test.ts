import type { DeskState } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { Store } from '../kit/store.js';
import type { LineView } from './warm-line.js';
import { Phone } from './phone.js';

const away: DeskState = {
  presence: { says: 'away', reason: 'lunch', state: 'away', since: 0 },
  ...{ line: 'none', offer: null, call: null, wrapUp: null },
};
const caller = {
  ...{ conversation: 'cv_1', customer: null, number: '+81312345678', numberRaw: null, to: null, toName: '' },
  ...{ owner: null, waitingSince: 0 },
};
const calling: DeskState = {
  ...{ ...away, line: 'proven' },
  call: {
    ...{ caller, direction: 'outbound', state: 'calling', startedAt: 0, heldSince: null, recording: false },
    ...{ fax: false, line: 'good' },
  },
};

/** Somebody away at their desk; the microphone answers when the test says so. */
function start() {
  const sent: string[] = [];
  const due: (() => void)[] = [];
  const line = new Store<Pick<LineView, 'phase' | 'problem'>>({ phase: 'closed', problem: null });
  const store = new Store<{ desk: DeskState | null; link: string }>({ desk: away, link: 'open' });
  let hear: (message: object) => void = () => undefined;
  let hold: (held: boolean) => void = () => undefined;
  let asked: ((heard: boolean) => void) | null = null;
  const phone = new Phone({
    connection: {
      listen: (listener: typeof hear) => ((hear = listener), () => undefined),
      send: ({ type }: { type: string }) => (sent.push(type), true),
      store,
    },
    line: {
      store: line,
      standing: null,
      greet: () => undefined,
      talk: () => undefined,
      open() {
        line.set({ phase: 'asking', problem: null });
        return new Promise<boolean>((resolve) => (asked = resolve));
      },
      close: () => line.set({ phase: 'closed' }),
    },
    lock: { start: (tell: typeof hold) => ((hold = tell), tell(true)) },
    timers: {
      after(_ms: number, run: () => void) {
        due.push(run);
        return () => void due.splice(due.indexOf(run), 1);
      },
    },
    now: () => 0,
  } as never);
  phone.start();
  return {
    phone,
    sent,
    phase: () => line.get().phase,
    said: () => phone.store.get().callOut,
    hear: (message: object) => hear(message),
    hold: (held: boolean) => hold(held),
    desk: (desk: DeskState) => store.set({ desk }),
    lose: () => store.set({ link: 'lost' }),
    timeIsUp: () => due.splice(0).forEach((run) => run()),
    async microphone(problem: LineView['problem']) {
      line.set(problem ? { phase: 'closed', problem } : { phase: 'opening' });
      asked?.(problem === null);
      await Promise.resolve();
      await Promise.resolve();
    },
    /** The first heartbeat comes and goes back; the server says so. */
    proven() {
      line.set({ phase: 'open' });
      store.set({ desk: { ...away, line: 'proven' } });
    },
  };
}

test('[OUT12] the line is opened and proven first, then the call goes out, and the person says nothing else than before', async () => {
  const at = start();
  at.phone.call('0312345678', 'cu_1');
  at.phone.call('0312345678', 'cu_1'); // a second click is not a second call
  expect([at.said()?.state, at.phase()]).toEqual(['opening', 'asking']);
  await at.microphone(null);
  at.desk({ ...away, line: 'opening' });
  expect(at.sent).toEqual([]);
  at.proven();
  expect(at.sent).toEqual(['call.place']);
  expect(at.said()).toMatchObject({ state: 'placing', number: '0312345678', customer: 'cu_1' });
  at.desk(calling);
  expect([at.said(), at.phase()]).toEqual([null, 'open']);
  expect(at.sent).not.toContain('presence.set');
});

test('[OUT12] after the call the line closes again: at once when nobody answered, else with the wrap-up', async () => {
  const unanswered = start();
  unanswered.phone.call('0312345678', null);
  await unanswered.microphone(null);
  unanswered.proven();
  unanswered.desk(calling);
  unanswered.desk({ ...away, line: 'proven' });
  expect([unanswered.said()?.state, unanswered.phase()]).toEqual(['unanswered', 'closed']);

  const answered = start();
  answered.phone.call('0312345678', null);
  await answered.microphone(null);
  answered.proven();
  answered.desk({ ...calling, call: calling.call && { ...calling.call, state: 'talking' } });
  answered.desk({ ...away, line: 'proven', wrapUp: { caller, startedAt: 0, endsAt: 1 } });
  expect(answered.phase()).toBe('open');
  answered.desk({ ...away, line: 'proven' });
  expect(answered.phase()).toBe('closed');
  expect(answered.sent).toEqual(['call.place', 'line.close']);
});

test('[OUT12] cancelled while the browser asks for the microphone: nothing is placed and nothing stays open', async () => {
  const at = start();
  at.phone.call('0312345678', null);
  at.phone.forgetCallOut();
  expect([at.said(), at.phase()]).toEqual([null, 'closed']);
  await at.microphone(null);
  at.desk({ ...away, line: 'proven' });
  expect(at.sent).not.toContain('call.place');
});

test('[OUT12] a refused microphone is said with the number, and the next try asks for it anew', async () => {
  const at = start();
  at.phone.call('0312345678', null);
  await at.microphone('refused');
  expect(at.said()).toMatchObject({ state: 'refused', number: '0312345678', microphone: 'refused' });
  at.phone.call('0312345678', null);
  expect([at.said()?.state, at.phase()]).toEqual(['opening', 'asking']);
});

test('[OUT12] a line that is not proven in time places nothing; neither does one that is proven after that', async () => {
  const at = start();
  at.phone.call('0312345678', null);
  await at.microphone(null);
  at.timeIsUp();
  expect(at.said()).toMatchObject({ state: 'refused', code: 'no-line' });
  expect(at.phase()).toBe('closed');
  at.desk({ ...away, line: 'proven' });
  expect(at.sent).not.toContain('call.place');
});

test('[OUT12] the server goes, or another tab takes the phone, while the line opens: no late call', async () => {
  const lost = start();
  lost.phone.call('0312345678', null);
  await lost.microphone(null);
  lost.lose();
  expect(lost.said()).toMatchObject({ state: 'refused', code: 'network' });

  const moved = start();
  moved.phone.call('0312345678', null);
  await moved.microphone(null);
  moved.hold(false);
  expect([moved.said(), moved.phase()]).toEqual([null, 'closed']);
});

test('a number that the server refuses gives the line back', async () => {
  const at = start();
  at.phone.call('119', null);
  await at.microphone(null);
  at.proven();
  at.hear({ type: 'error', code: 'emergency-number', detail: '', re: 'call.place' });
  expect(at.said()).toMatchObject({ state: 'refused', code: 'emergency-number' });
  expect(at.phase()).toBe('closed');
});

test('the server’s word of a line that was just closed proves nothing: the next call opens a new one', async () => {
  const at = start();
  at.phone.call('0312345678', null);
  await at.microphone(null);
  at.proven();
  at.desk(calling);
  at.desk({ ...away, line: 'proven' }); // over; we close, and the server has not heard of it yet
  at.phone.call('0312345678', null);
  expect(at.said()?.state).toBe('opening');
});
