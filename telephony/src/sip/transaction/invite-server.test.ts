/** RFC 3261 figure 7, RFC 6026 figure 2. */
import { expect, test } from 'vitest';
import { drive } from '../testing/machine.js';
import { startInviteServer, stepInviteServer, type InviteServer, type InviteServerInput } from './invite-server.js';
import { rfcTimers, type Timer } from './timers.js';

const start = (reliable = false) =>
  drive<InviteServer<string>, InviteServerInput<string>>(
    startInviteServer({ reliable, times: rfcTimers }),
    stepInviteServer,
  );
const timer = (name: Timer): InviteServerInput<string> => ({ type: 'timer', timer: name });
const respond = (status: number): InviteServerInput<string> => ({ type: 'respond', status, response: String(status) });
const again: InviteServerInput<string> = { type: 'request-again' };
const ack: InviteServerInput<string> = { type: 'ack' };

test('proceeding: a copy of the INVITE gets the latest 1xx, or nothing when there is none', () => {
  const machine = start();
  expect(machine.give(again)).toEqual([]);
  expect(machine.give(respond(100))).toEqual(['send 100']);
  expect(machine.give(again)).toEqual(['send 100']);
  expect(machine.give(respond(180))).toEqual(['send 180']);
  expect(machine.give(again)).toEqual(['send 180']);
});

test('→ accepted: the 2xx is sent and L runs; repeating it is the user’s doing', () => {
  const machine = start();
  expect(machine.give(respond(200))).toEqual(['send 200', 'L 32000']);
  expect(machine.status).toBe('accepted');
  expect(machine.give(respond(200))).toEqual(['send 200']);
});

test('accepted: copies of the INVITE are absorbed, the ACK is passed up, a late refusal is not sent', () => {
  const machine = start();
  machine.give(respond(200));
  expect(machine.give(again)).toEqual([]);
  expect(machine.give(ack)).toEqual(['pass']);
  expect(machine.give(respond(486))).toEqual([]);
  expect(machine.give(timer('L'))).toEqual(['ended']);
});

test('→ completed: the refusal is sent, G and H run', () => {
  const machine = start();
  machine.give(respond(180));
  expect(machine.give(respond(487))).toEqual(['send 487', 'G 500', 'H 32000']);
  expect(machine.status).toBe('completed');
});

test('completed: sent again by G, doubling up to T2, and for each copy of the INVITE', () => {
  const machine = start();
  machine.give(respond(486));
  const spans = Array.from({ length: 5 }, () => machine.give(timer('G')));
  expect(spans).toEqual(['G 1000', 'G 2000', 'G 4000', 'G 4000', 'G 4000'].map((next) => ['send 486', next]));
  expect(machine.give(again)).toEqual(['send 486']);
  expect(machine.give(respond(200))).toEqual([]);
});

test('completed → confirmed: the ACK stops G and H; further ACKs are absorbed until I', () => {
  const machine = start();
  machine.give(respond(486));
  expect(machine.give(ack)).toEqual(['stop G', 'stop H', 'I 5000']);
  expect(machine.status).toBe('confirmed');
  expect(machine.give(ack)).toEqual([]);
  expect(machine.give(again)).toEqual([]);
  expect(machine.give(timer('G'))).toEqual([]);
  expect(machine.give(timer('I'))).toEqual(['ended']);
});

test('timer H: no ACK came, the user is told', () => {
  const machine = start();
  machine.give(respond(486));
  expect(machine.give(timer('H'))).toEqual(['stop G', 'failed timeout', 'ended']);
});

test('over TCP a refusal is not repeated and ends with its ACK, which is still waited for', () => {
  const machine = start(true);
  expect(machine.give(respond(486))).toEqual(['send 486', 'H 32000']);
  expect(machine.give(ack)).toEqual(['stop G', 'stop H', 'ended']);
});

test('a transport error is told; in accepted it is the user who repeats and gives up', () => {
  const ringing = start();
  expect(ringing.give({ type: 'transport-error' })).toEqual(['failed transport', 'ended']);
  const refused = start();
  refused.give(respond(486));
  expect(refused.give({ type: 'transport-error' })).toEqual(['stop G', 'stop H', 'failed transport', 'ended']);
  const accepted = start();
  accepted.give(respond(200));
  expect(accepted.give({ type: 'transport-error' })).toEqual([]);
});
