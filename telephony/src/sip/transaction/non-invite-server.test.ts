/** RFC 3261 figure 8. */
import { expect, test } from 'vitest';
import { drive } from '../testing/machine.js';
import {
  startNonInviteServer,
  stepNonInviteServer,
  type NonInviteServer,
  type NonInviteServerInput,
} from './non-invite-server.js';
import { rfcTimers } from './timers.js';

const start = (reliable = false) =>
  drive<NonInviteServer<string>, NonInviteServerInput<string>>(
    startNonInviteServer({ reliable, times: rfcTimers }),
    stepNonInviteServer,
  );
const respond = (status: number): NonInviteServerInput<string> => ({
  type: 'respond',
  status,
  response: String(status),
});
const again: NonInviteServerInput<string> = { type: 'request-again' };

test('trying: copies are discarded', () => {
  expect(start().give(again)).toEqual([]);
});

test('proceeding: copies get the latest 1xx', () => {
  const machine = start();
  expect(machine.give(respond(100))).toEqual(['send 100']);
  expect(machine.give(again)).toEqual(['send 100']);
});

test.each([[[]], [[100]]])('completed after %j: the answer is sent, and again for each copy, until J', (before) => {
  const machine = start();
  for (const status of before) machine.give(respond(status));
  expect(machine.give(respond(200))).toEqual(['send 200', 'J 32000']);
  expect(machine.give(again)).toEqual(['send 200']);
  expect(machine.give(respond(500))).toEqual([]);
  expect(machine.give({ type: 'timer', timer: 'J' })).toEqual(['ended']);
  expect(machine.give(again)).toEqual([]);
});

test('over TCP it ends with its answer', () => {
  expect(start(true).give(respond(200))).toEqual(['send 200', 'ended']);
});

test('a transport error is told', () => {
  expect(start().give({ type: 'transport-error' })).toEqual(['failed transport', 'ended']);
  const machine = start();
  machine.give(respond(200));
  expect(machine.give({ type: 'transport-error' })).toEqual(['stop J', 'failed transport', 'ended']);
});
