/** What goes out is packed as the far end asks; what comes in comes as it likes. On real sockets, over IPv4 and IPv6. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sequencesApart, ticksApart } from '../rtp/index.js';
import type { RtpPeer } from './testing/rtp-peer.js';
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

  describe('a far end with a maxptime', () => {
    /** `a` sends packets of `ms`, each sample its place in the speech; `b` takes `maxptimeMs`. */
    const bridged = async (maxptimeMs: number) => {
      const [a, b] = [await house().phone('a'), await house().phone('b', { ptimeMs: 10, maxptimeMs })];
      await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
      return { a: a.peer, b: b.peer };
    };
    const speech = (at: number, length: number) => Uint8Array.from({ length }, (_, i) => (at + i) % 251);
    const say = async (peer: RtpPeer, from: number, ticks: number) => {
      peer.timestamp = from;
      peer.send(0, speech(from, ticks));
      await settle(ticks / 8);
    };

    test.each([
      [60, 20],
      [30, 20],
      [60, 25],
      [200, 10],
    ])('packets of %i ms go on in pieces of %i ms at most, as one stream without a hole', async (ms, maxptimeMs) => {
      const { a, b } = await bridged(maxptimeMs);
      for (let n = 0; n < 8; n++) await say(a, n * ms * 8, ms * 8);
      const most = Math.floor(maxptimeMs / 10) * 80;
      const perPacket = Math.ceil((ms * 8) / most);
      await until('all of it', () => b.heard.length >= 8 * perPacket);
      expect(b.heard.every(({ payload }) => payload.length <= most)).toBe(true);
      expect(Buffer.concat(b.heard.map(({ payload }) => payload))).toEqual(Buffer.from(speech(0, 8 * ms * 8)));
      b.heard.slice(1).forEach(({ header }, i) => {
        const before = b.heard[i]!;
        expect(sequencesApart(header.sequence, before.header.sequence)).toBe(1);
        expect(ticksApart(header.timestamp, before.header.timestamp)).toBe(before.payload.length);
        expect(header.marker).toBe(false);
      });
    });

    test('what was lost before the pieces stays a hole, and what comes late behind them goes no further', async () => {
      const { a, b } = await bridged(20);
      a.sequence = 100;
      await say(a, 0, 480);
      a.sequence = 102;
      await say(a, 960, 480);
      a.sequence = 101;
      await say(a, 480, 480);
      a.sequence = 103;
      await say(a, 1_440, 480);
      await until('nine pieces', () => b.heard.length >= 9);
      await settle();
      const places = b.heard.map(({ header }) => [
        sequencesApart(header.sequence, b.heard[0]!.header.sequence),
        ticksApart(header.timestamp, b.heard[0]!.header.timestamp) / 160,
      ]);
      expect(places).toEqual([
        [0, 0],
        [1, 1],
        [2, 2],
        [4, 6],
        [5, 7],
        [6, 8],
        [7, 9],
        [8, 10],
        [9, 11],
      ]);
    });

    test('each piece has a number of its own, and the recording goes by what was spoken', async () => {
      const { a, b } = await bridged(20);
      const path = join(mkdtempSync(join(tmpdir(), 'denwaban-pieces-')), 'r.wav');
      await house().engine.handle({ type: 'record', recording: 'r', leg: 'a', path });
      for (let n = 0; n < 20; n++) await say(a, n * 480, 480);
      await until('sixty', () => b.heard.length >= 60);
      const done = await house().engine.handle({ type: 'stop-record', recording: 'r' });
      expect(Math.abs((done?.durationMs ?? 0) - 1_200)).toBeLessThan(150);
      rmSync(dirname(path), { recursive: true });
      const { packets, numbered } = b.span();
      expect([packets, numbered]).toEqual([60, 60]);
    });
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
