/** RFC 3261 figure 5, RFC 6026 figure 3. */
import { expect, test } from 'vitest';
import { drive } from '../testing/machine.js';
import { startInviteClient, stepInviteClient, type InviteClient, type InviteClientInput } from './invite-client.js';
import { rfcTimers, type Timer } from './timers.js';

const start = (reliable = false) =>
  drive<InviteClient<string>, InviteClientInput>(
    startInviteClient('INV', { reliable, times: rfcTimers }),
    stepInviteClient,
  );
const timer = (name: Timer): InviteClientInput => ({ type: 'timer', timer: name });
const response = (status: number): InviteClientInput => ({ type: 'response', status });

test('calling: the INVITE goes out, A and B run', () => {
  expect(start().first).toEqual(['send INV', 'A 500', 'B 32000']);
});

test('timer A: sent again, A doubled each time and never capped', () => {
  const machine = start();
  const spans = Array.from({ length: 6 }, () => machine.give(timer('A')));
  expect(spans.map(([send]) => send)).toEqual(Array.from({ length: 6 }, () => 'send INV'));
  expect(spans.map(([, next]) => next)).toEqual(['A 1000', 'A 2000', 'A 4000', 'A 8000', 'A 16000', 'A 32000']);
});

test('timer B: nobody answered, the user is told', () => {
  const machine = start();
  expect(machine.give(timer('B'))).toEqual(['stop A', 'failed timeout', 'ended']);
  expect(machine.status).toBe('ended');
});

test('calling → proceeding: the first 1xx stops A and B; every 1xx is passed up', () => {
  const machine = start();
  expect(machine.give(response(100))).toEqual(['stop A', 'stop B', 'pass']);
  expect(machine.status).toBe('proceeding');
  expect(machine.give(response(180))).toEqual(['pass']);
  // A that fired in the same moment must not send any more.
  expect(machine.give(timer('A'))).toEqual([]);
  expect(machine.give(timer('B'))).toEqual([]);
});

test.each([
  [['calling'], []],
  [['proceeding'], [180]],
])('%s → accepted: a 2xx is passed up and M runs', (_, before) => {
  const machine = start();
  for (const status of before) machine.give(response(status));
  expect(machine.give(response(200)).slice(-2)).toEqual(['pass', 'M 32000']);
  expect(machine.status).toBe('accepted');
});

test('accepted: each further 2xx is passed up (forks, copies), nothing else is', () => {
  const machine = start();
  machine.give(response(200));
  expect(machine.give(response(200))).toEqual(['pass']);
  expect(machine.give(response(180))).toEqual([]);
  expect(machine.give(response(486))).toEqual([]);
  expect(machine.give(timer('M'))).toEqual(['ended']);
});

test('→ completed: a refusal is acknowledged by the machine and passed up, D runs', () => {
  const machine = start();
  machine.give(response(180));
  expect(machine.give(response(486))).toEqual(['ack', 'pass', 'D 32000']);
  expect(machine.status).toBe('completed');
});

test('completed: copies of the refusal are acknowledged again and not passed up, until D', () => {
  const machine = start();
  machine.give(response(486));
  expect(machine.give(response(486))).toEqual(['ack']);
  expect(machine.give(response(200))).toEqual([]);
  expect(machine.give(timer('D'))).toEqual(['ended']);
  expect(machine.give(response(486))).toEqual([]);
});

test('over TCP nothing is sent twice and nothing lingers after a refusal', () => {
  const machine = start(true);
  expect(machine.first).toEqual(['send INV', 'B 32000']);
  expect(machine.give(response(486))).toEqual(['stop A', 'stop B', 'ack', 'pass', 'ended']);
});

test('a transport error ends calling at once, and the ACK of a refusal too', () => {
  expect(start().give({ type: 'transport-error' })).toEqual(['stop A', 'stop B', 'failed transport', 'ended']);
  const machine = start();
  machine.give(response(486));
  expect(machine.give({ type: 'transport-error' })).toEqual(['stop D', 'failed transport', 'ended']);
});
