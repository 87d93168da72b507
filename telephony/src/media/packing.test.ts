/** What goes out is packed as the far end asks; what comes in comes as it likes. On real sockets, over IPv4 and IPv6. */
import { describe, expect, test } from 'vitest';
import { sequencesApart, ticksApart } from '../rtp/index.js';
import { says, settle, smallHouse, tone, until } from './testing/small-house.js';

describe('IPv4', () => {
  const house = smallHouse({ rtpPortMin: 25_180, rtpPortMax: 25_199 });

  test.each([10, 30, 40, 60])('music in packets of %i ms is one stream without a hole', async (ptimeMs) => {
    const { peer } = await house().phone('a', { ptimeMs });
    await house().engine.handle({ type: 'play', leg: 'a', sound: 'hold-music' });
    await until('a second of music', () => peer.heard.length >= 1_000 / ptimeMs);
    const heard = peer.heard.slice(0, Math.floor(1_000 / ptimeMs));
    heard.forEach(({ header, payload }, i) => {
      expect(payload).toHaveLength(ptimeMs * 8);
      if (i === 0) return;
      expect(sequencesApart(header.sequence, heard[i - 1]!.header.sequence)).toBe(1);
      // A marker says that this machine stood still: the timestamp then follows the clock.
      const apart = ticksApart(header.timestamp, heard[i - 1]!.header.timestamp);
      if (header.marker) expect(apart).toBeGreaterThanOrEqual(ptimeMs * 8);
      else expect(apart).toBe(ptimeMs * 8);
    });
    expect(heard.filter(({ header }) => header.marker).length).toBeLessThan(5);
    // As fast as it is heard, not faster.
    const passedMs = heard.at(-1)!.atMs - heard[0]!.atMs;
    expect(Math.abs(passedMs - (heard.length - 1) * ptimeMs)).toBeLessThan(150);
  });

  test('comfort noise goes no further and leaves no hole; the far end is not taken for lost', async () => {
    const [a, b] = [await house().phone('a'), await house().phone('b')];
    await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    a.peer.talk(tone(8_000));
    await until('heard', () => b.peer.heard.length >= 10);
    a.peer.hush();
    for (let n = 0; n < 5; n++) {
      a.peer.timestamp += 160;
      a.peer.send(13, Uint8Array.of(70));
    }
    await settle();
    a.peer.talk(tone(2_000));
    await until('heard again', () => says(b.peer, 2_000));
    expect(b.peer.heard.every(({ header }) => header.payloadType === 0)).toBe(true);
    const { packets, numbered } = b.peer.span();
    expect(numbered).toBe(packets);
  });

  test('a sender that begins its numbers anew presses new keys, though its clock went back a little', async () => {
    const a = await house().phone('a');
    const press = (event: number): void => {
      for (let n = 1; n <= 4; n++) a.peer.send(101, Uint8Array.of(event, n === 4 ? 0x8a : 10, 0, n * 160), n === 1);
    };
    press(5);
    a.peer.sequence += 9_000;
    a.peer.timestamp -= 8_000;
    press(6);
    const digits = () => house().events.flatMap((event) => (event.type === 'dtmf' ? [event.digit] : []));
    await until('two digits', () => digits().length === 2);
    expect(digits()).toEqual(['5', '6']);
  });

  test('digits A to D, star and hash go out and come in, each once', async () => {
    const [a, b] = [await house().phone('a'), await house().phone('b')];
    await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    a.peer.talk(tone(100));
    b.peer.talk(tone(100));
    await until('both hear', () => a.peer.heard.length > 5 && b.peer.heard.length > 5);
    a.peer.hush();
    b.peer.hush();
    await house().engine.handle({ type: 'dtmf', leg: 'b', digits: '1*#ABCD' });
    const events = () => b.peer.heard.filter(({ header }) => header.payloadType === 101);
    await until('seven digits', () => events().length >= 49);
    const begun = events().filter(({ header }) => header.marker);
    expect(begun.map(({ payload }) => payload[0])).toEqual([1, 10, 11, 12, 13, 14, 15]);
    for (const { payload } of events()) b.peer.send(101, payload);
  });
});

describe('IPv6', () => {
  const house = smallHouse({ rtpPortMin: 25_180, rtpPortMax: 25_199 }, '::1');

  test('two telephones on ::1 hear each other, however their address was written', async () => {
    const a = await house().phone('a', { address: '0:0:0:0:0:0:0:1' });
    const b = await house().phone('b');
    expect(a.opened.address).toBe('::1');
    await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    a.peer.talk(tone(8_000));
    b.peer.talk(tone(2_000));
    await until('both hear', () => says(a.peer, 2_000) && says(b.peer, 8_000));
  });
});

describe('both families on one socket', () => {
  const house = smallHouse({ rtpPortMin: 25_180, rtpPortMax: 25_199 }, '::');

  test('a telephone of each hears the other', async () => {
    const a = await house().phone('a', { address: '127.0.0.1' }, '127.0.0.1');
    const b = await house().phone('b', { address: '::1' }, '::1');
    a.peer.aim({ address: '127.0.0.1', port: a.opened.port });
    b.peer.aim({ address: '::1', port: b.opened.port });
    await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    a.peer.talk(tone(8_000));
    b.peer.talk(tone(2_000));
    await until('both hear', () => says(a.peer, 2_000) && says(b.peer, 8_000));
  });
});
