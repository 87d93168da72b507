import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeat } from './heartbeat.js';

let nowMs = 0;
let [sent, rtts]: [string[], number[]] = [[], []];
let heartbeat: Heartbeat;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  [nowMs, sent, rtts] = [0, [], []];
  heartbeat = new Heartbeat({ now: () => nowMs, send: (text) => sent.push(text), echoed: (rttMs) => rtts.push(rttMs) });
});
afterEach(() => vi.useRealTimers());

test('beats at once and then every second, until it is stopped', () => {
  heartbeat.start();
  heartbeat.start();
  vi.advanceTimersByTime(3_000);
  expect(sent).toEqual(['{"beat":1}', '{"beat":2}', '{"beat":3}', '{"beat":4}']);
  heartbeat.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('an echo tells the way there and back, once', () => {
  heartbeat.start();
  nowMs = 12.34;
  heartbeat.heard('{"beat":1}');
  heartbeat.heard('{"beat":1}');
  expect(rtts).toEqual([12.3]);
});

test('what is no echo of ours proves nothing', () => {
  heartbeat.start();
  for (const message of [
    '',
    '{',
    'null',
    '1',
    '{"beat":2}',
    '{"beat":"1"}',
    '{"beat":1e999}',
    `{"beat":1,"x":"${'y'.repeat(300)}"}`,
  ]) {
    heartbeat.heard(message);
  }
  expect(rtts).toEqual([]);
});
