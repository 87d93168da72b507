import type { TrunkId } from '@denwaban/core';
import { expect, test } from 'vitest';
import { isWorthAnother, outboundOrder, type TrunkStatus } from './trunk-choice.js';
import type { Trunk } from './trunk.js';

const trunk = (id: string, priority?: number, out = true): Trunk => ({
  ...{ id: `tk_${id}` as TrunkId, name: id, inbound: { addresses: [] } },
  ...(priority === undefined ? {} : { priority }),
  ...(out
    ? {
        outbound: {
          server: { host: 'x', port: null, transport: null },
          ...{ account: null, callerId: null, callerIdHeader: 'from', headers: [], codecs: ['PCMU'] },
        },
      }
    : {}),
});
const order = (trunks: Trunk[], states: Record<string, TrunkStatus> = {}, wanted: string | null = null) =>
  outboundOrder(trunks, ({ name }) => states[name] ?? 'up', wanted)
    .map(({ name }) => name)
    .join(' ');

test('[TRK11] trunks are tried by priority, and those of one priority as they are written', () => {
  expect(order([trunk('c'), trunk('a', 1), trunk('b', 5), trunk('d', 10), trunk('in', 0, false)])).toBe('a b c d');
  expect(order([trunk('a', 1), trunk('b', 2)], {}, 'tk_b')).toBe('b');
});

test('[TRK11] one that is down is the last resort; one of which nothing is known is not', () => {
  const all = [trunk('a', 1), trunk('b', 2), trunk('c', 3)];
  expect(order(all, { a: 'down', b: 'unknown' })).toBe('b c a');
  expect(order(all, { a: 'down', b: 'down', c: 'down' })).toBe('a b c');
});

test.each([
  ['unreachable', null, true],
  ['refused', 503, true],
  ['refused', 403, true],
  ['refused', 408, true],
  ['refused', 486, false],
  ['refused', 404, false],
  ['refused', 480, false],
  ['refused', 488, true],
  ['refused', 606, false],
  ['refused', 603, false],
  ['no-answer', null, false],
  ['cancelled', null, false],
  ['hung-up', 200, false],
  ['failed', null, false],
] as const)('[TRK11] after %s %s the next trunk: %s', (end, status, another) => {
  expect(isWorthAnother(end, status)).toBe(another);
});
