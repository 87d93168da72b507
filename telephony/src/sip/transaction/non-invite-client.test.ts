/** RFC 3261 figure 6. */
import { expect, test } from 'vitest';
import { drive } from '../testing/machine.js';
import {
  startNonInviteClient,
  stepNonInviteClient,
  type NonInviteClient,
  type NonInviteClientInput,
} from './non-invite-client.js';
import { rfcTimers, type Timer } from './timers.js';

const start = (reliable = false) =>
  drive<NonInviteClient<string>, NonInviteClientInput>(
    startNonInviteClient('BYE', { reliable, times: rfcTimers }),
    stepNonInviteClient,
  );
const timer = (name: Timer): NonInviteClientInput => ({ type: 'timer', timer: name });
const response = (status: number): NonInviteClientInput => ({ type: 'response', status });

test('trying: the request goes out, E and F run', () => {
  expect(start().first).toEqual(['send BYE', 'E 500', 'F 32000']);
});

test('timer E: sent again; E doubles up to T2', () => {
  const machine = start();
  const spans = Array.from({ length: 5 }, () => machine.give(timer('E')));
  expect(spans).toEqual(['E 1000', 'E 2000', 'E 4000', 'E 4000', 'E 4000'].map((next) => ['send BYE', next]));
});

test('proceeding: a 1xx is passed up; E goes on, every T2', () => {
  const machine = start();
  expect(machine.give(response(100))).toEqual(['pass']);
  expect(machine.status).toBe('proceeding');
  expect(machine.give(timer('E'))).toEqual(['send BYE', 'E 4000']);
  expect(machine.give(response(182))).toEqual(['pass']);
});

test.each([[[]], [[100]]])('timer F after %j: the user is told', (before) => {
  const machine = start();
  for (const status of before) machine.give(response(status));
  expect(machine.give(timer('F'))).toEqual(['stop E', 'stop F', 'failed timeout', 'ended']);
});

test('completed: the final answer is passed up once, copies are absorbed until K', () => {
  const machine = start();
  expect(machine.give(response(200))).toEqual(['stop E', 'stop F', 'pass', 'K 5000']);
  expect(machine.give(response(200))).toEqual([]);
  expect(machine.give(timer('E'))).toEqual([]);
  expect(machine.give(timer('K'))).toEqual(['ended']);
});

test('over TCP nothing is sent twice and nothing lingers', () => {
  const machine = start(true);
  expect(machine.first).toEqual(['send BYE', 'F 32000']);
  expect(machine.give(response(481))).toEqual(['stop E', 'stop F', 'pass', 'ended']);
});

test('a transport error is told at once', () => {
  expect(start().give({ type: 'transport-error' })).toEqual(['stop E', 'stop F', 'failed transport', 'ended']);
});
