import { epochMs, type AgentId, type LegId, type LineId, type PhoneEvent } from '@denwaban/core';
import { expect, test } from 'vitest';
import { createLineNews } from './line-news.js';

const [anna, line] = ['ag_anna' as AgentId, 'ln_1' as LineId];
const [first, second] = ['lg_1' as LegId, 'lg_2' as LegId];
const quality = { mos: 4.4, from: null, to: null, rttMs: null };
const measured = (leg: string, since: number, final = true) =>
  ({
    type: 'leg-quality',
    leg,
    at: since + 60_000,
    since,
    final,
    spanMs: 60_000,
    mean: quality,
    worst: quality,
  }) as const;

function told() {
  const events: PhoneEvent[] = [];
  const news = createLineNews((event) => events.push(event));
  const whose = () =>
    events.map((event) => (event.type === 'line.measured' ? `${event.customer} ${event.agent} ${event.since}` : '?'));
  return { news, events, whose };
}

test('a customer’s leg is the customer’s, a line is the agent’s who talks over it', () => {
  const { news, whose } = told();
  news.talks(first, line, anna, epochMs(1_000));
  news.heard(measured(first, 1_000));
  news.heard(measured(line, 1_000));
  expect(whose()).toEqual(['lg_1 null 1000', 'lg_1 ag_anna 1000']);
});

test('the last word on a talk comes to its own conversation, though the next one has begun', () => {
  const { news, whose } = told();
  news.talks(first, line, anna, epochMs(1_000));
  news.talks(second, line, anna, epochMs(90_000));
  news.heard(measured(line, 1_000));
  news.heard(measured(line, 90_003));
  expect(whose()).toEqual(['lg_1 ag_anna 1000', 'lg_2 ag_anna 90003']);
});

test('after the last word, and for a line that nobody talked over, there is nothing to tell', () => {
  const { news, events } = told();
  news.heard(measured(line, 1_000));
  news.talks(first, line, anna, epochMs(1_000));
  news.heard(measured(line, 1_000, false));
  news.heard(measured(line, 1_000));
  news.heard(measured(line, 1_000));
  expect(events).toHaveLength(2);
});

test('a talk from before this process is known by its line alone', () => {
  const { news, whose } = told();
  news.talks(first, line, anna, null);
  news.heard(measured(line, 77_000));
  expect(whose()).toEqual(['lg_1 ag_anna 77000']);
});
