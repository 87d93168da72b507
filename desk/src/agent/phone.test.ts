import type { DeskState } from '@denwaban/core/wire';
import { expect, test, vi } from 'vitest';
import { Store } from '../kit/store.js';
import { Phone, wanted } from './phone.js';

const away: DeskState = {
  presence: { says: 'away', reason: 'lunch', state: 'away', since: 0 },
  line: 'none',
  offer: null,
  call: null,
  wrapUp: null,
};
const available: DeskState = { ...away, presence: { says: 'available', reason: null, state: 'connecting', since: 0 } };
const caller = {
  conversation: 'cv_1',
  customer: null,
  number: null,
  numberRaw: null,
  to: '+81312345678',
  toName: 'Support',
  owner: null,
  waitingSince: 0,
};
const call = {
  caller,
  state: 'talking' as const,
  startedAt: 0,
  heldSince: null,
  recording: true,
  direction: 'inbound' as const,
  fax: false,
  line: 'good' as const,
};

test('the line is open as soon as the person says available, so that an answer needs no set-up', () => {
  expect(wanted(available, 'here')).toBe('open');
});

test('somebody away gives line and microphone back', () => {
  expect(wanted(away, 'here')).toBe('closed');
});

test('somebody who says away in the middle of a call keeps the line until it is over', () => {
  expect(wanted({ ...away, call }, 'here')).toBe('open');
});

test('wrap-up before a break does not open a line, and does not cut one', () => {
  expect(wanted({ ...away, wrapUp: { caller, startedAt: 0, endsAt: 1 } }, 'here')).toBe('as-is');
});

test('a tab that is not the phone has no line, whatever the person says', () => {
  expect(wanted(available, 'elsewhere')).toBe('closed');
  expect(wanted({ ...available, call }, 'replaced')).toBe('closed');
});

test('nothing is opened or cut before the server has spoken and the lock is known', () => {
  expect(wanted(null, 'here')).toBe('as-is');
  expect(wanted(available, 'finding-out')).toBe('as-is');
});

test.each([
  ['ln_1', 'goes on with the line that stands: the person on it hears nothing of it', 0],
  [null, 'tells the line that there is a server to offer itself to', 1],
])('[PRS4] a new connection with %s %s', (standing, _what, greeted) => {
  let hear: (message: { type: 'welcome' }) => void = () => undefined;
  const greet = vi.fn();
  const phone = new Phone({
    connection: {
      listen: (listener: typeof hear) => ((hear = listener), () => undefined),
      store: new Store({ desk: { ...available, call, line: 'proven' }, link: 'open' }),
    },
    line: { standing, greet, talk: () => undefined, store: new Store({ phase: 'open', problem: null }) },
    lock: { start: () => undefined },
    now: () => 0,
  } as never);
  phone.start();
  hear({ type: 'welcome' });
  expect(greet).toHaveBeenCalledTimes(greeted);
});
