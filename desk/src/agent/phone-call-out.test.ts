import type { DeskState, ServerMessage } from '@denwaban/core/wire';
import { expect, test, vi } from 'vitest';
import { Store } from '../kit/store.js';
import { Phone } from './phone.js';

const free: DeskState = {
  presence: { says: 'available', reason: null, state: 'available', since: 0 },
  ...{ line: 'proven', offer: null, call: null, wrapUp: null },
};
const caller = {
  ...{ conversation: 'cv_1', customer: null, number: '+81312345678', numberRaw: null, to: null, toName: '' },
  ...{ owner: null, waitingSince: 0 },
};
const call = (state: NonNullable<DeskState['call']>['state']): DeskState => ({
  ...free,
  call: {
    ...{ caller, direction: 'outbound', state, startedAt: 0, heldSince: null, recording: false },
    ...{ fax: false, line: 'good' },
  },
});

function start({ connected = true } = {}) {
  const sent: { type: string; nonce?: string; number?: string }[] = [];
  let hear: (message: Partial<ServerMessage>) => void = () => undefined;
  const store = new Store<{ desk: DeskState | null; link: string }>({ desk: free, link: 'open' });
  const talk = vi.fn();
  const phone = new Phone({
    connection: {
      listen: (listener: typeof hear) => ((hear = listener), () => undefined),
      send: (message: (typeof sent)[number]) => (connected && sent.push(message), connected),
      store,
    },
    line: { standing: 'ln_1', greet: vi.fn(), talk, store: new Store({ phase: 'open', problem: null }) },
    lock: { start: (tell: (held: boolean) => void) => tell(true) },
    now: () => 0,
  } as never);
  phone.start();
  const said = () => phone.store.get().callOut;
  return {
    phone,
    sent,
    said,
    talk,
    hear: (one: Partial<ServerMessage>) => hear(one),
    desk: (desk: DeskState) => store.set({ desk }),
  };
}

test('a number is asked for once, however often the button is pressed', () => {
  const { phone, sent, said } = start();
  phone.call('０３', 'cu_1');
  phone.call('０３', 'cu_1');
  expect(sent).toMatchObject([{ type: 'call.place', number: '０３', customer: 'cu_1' }]);
  expect(said()).toMatchObject({ state: 'placing' });
});

test('without a connection nothing is placed: a late call would be a wrong one', () => {
  const { phone, said } = start({ connected: false });
  phone.call('03', null);
  expect(said()).toBeNull();
});

test('a refusal of this call is told with its number; another refusal is not taken for it', () => {
  const { phone, sent, said, hear } = start();
  phone.call('119', null);
  hear({ type: 'error', code: 'no-call', detail: '', re: 'call.hold' });
  hear({ type: 'error', code: 'busy', detail: '', re: 'call.place', nonce: 'another' });
  expect(said()).toMatchObject({ state: 'placing' });
  hear({ type: 'error', code: 'emergency-number', detail: '', re: 'call.place', nonce: sent[0]?.nonce ?? '' });
  expect(said()).toEqual({ state: 'refused', number: '119', customer: null, code: 'emergency-number' });
  phone.forgetCallOut();
  expect(said()).toBeNull();
});

test('a refusal that could not say which call it means is of the one that was asked for', () => {
  const { phone, said, hear } = start();
  phone.call('0312345678', null);
  hear({ type: 'error', code: 'internal', detail: '', re: 'call.place' });
  expect(said()).toMatchObject({ state: 'refused', code: 'internal' });
});

test('when the call is there, the desk’s state tells of it; rung out, it is kept who did not answer', () => {
  const { phone, said, desk, talk } = start();
  phone.call('0312345678', null);
  desk(call('calling'));
  expect(said()).toBeNull();
  expect(talk).toHaveBeenLastCalledWith(true); // the microphone is on the wire before the answer, joined to nobody
  desk(call('ringing'));
  desk(free);
  expect(said()).toMatchObject({ state: 'unanswered', caller: { conversation: 'cv_1' } });
  phone.call('0312345678', null);
  expect(said()).toMatchObject({ state: 'placing' });
});

test('an answered call leaves nothing to tell', () => {
  const { said, desk } = start();
  desk(call('ringing'));
  desk(call('talking'));
  desk({ ...free, wrapUp: { caller, startedAt: 0, endsAt: 1 } });
  desk(free);
  expect(said()).toBeNull();
});

test('a connection that breaks before the answer frees the button; whether the call is there, the next state tells', () => {
  const { phone, said, hear, desk } = start();
  phone.call('0312345678', null);
  hear({ type: 'welcome' });
  desk({ ...free });
  expect(said()).toBeNull();
});
