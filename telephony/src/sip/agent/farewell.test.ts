import { expect, test } from 'vitest';
import type { Hop } from '../ports.js';
import { sendFarewell, writeFarewell } from './farewell.js';

const hop: Hop = { transport: 'udp', address: '192.0.2.7', port: 5080, connection: 7 };
const response = {
  kind: 'response' as const,
  status: 503,
  reason: 'Service Unavailable',
  headers: [{ name: 'call-id', value: 'a@b' }],
  body: new Uint8Array(),
};

function send(farewell: string) {
  const sent: { hop: Hop; text: string; ms: number }[] = [];
  let at = 0;
  const wire = {
    send: (to: Hop, bytes: Uint8Array) => void sent.push({ hop: to, text: Buffer.from(bytes).toString(), ms: at }),
  };
  const timers = {
    after(ms: number, call: () => void) {
      at = ms;
      call();
      return () => undefined;
    },
  };
  sendFarewell(farewell, wire as never, timers);
  return sent;
}

test('a farewell is sent as it was written, over UDP more than once, by a connection of nobody’s', () => {
  const sent = send(writeFarewell(hop, response));
  expect(sent.map(({ ms }) => ms)).toEqual([0, 500, 1_500]);
  expect(sent[0]?.hop).toEqual({ ...hop, connection: null });
  expect(sent[0]?.text).toMatch(/^SIP\/2.0 503 Service Unavailable\r\n/);
  expect(send(writeFarewell({ ...hop, transport: 'tcp' }, response))).toHaveLength(1);
});

test.each(['', 'null', '[]', '{"transport":"udp"}', '{"transport":"sctp","address":"a","port":1,"message":""}'])(
  '%j is no farewell',
  (text) => expect(send(text)).toEqual([]),
);
