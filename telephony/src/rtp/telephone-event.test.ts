import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digitSteps, eventDigits, isDigits, TelephoneEventReader } from './telephone-event.js';

interface Packet {
  timestamp: number;
  payload: Uint8Array;
}

/** What the steps look like on the wire. */
function packetsOf(digits: string, began = 1_000): Packet[][] {
  const events: Packet[][] = [];
  digitSteps(digits).forEach((step, i) => {
    if (step === null) return;
    if (step.begins) events.push([]);
    const event = events.at(-1)!;
    event.push({ timestamp: event[0]?.timestamp ?? (began + i * 160) >>> 0, payload: step.payload });
  });
  return events;
}

const read = (packets: Packet[]): string => {
  const reader = new TelephoneEventReader();
  return packets.map(({ timestamp, payload }) => reader.read(7, timestamp, payload) ?? '').join('');
};

const digits = fc.string({ unit: fc.constantFrom(...eventDigits), minLength: 1, maxLength: 20 });

test('digits arrive once and in order while one packet of each gets through', () => {
  fc.assert(
    fc.property(
      digits,
      fc.nat(2 ** 32 - 1),
      fc.infiniteStream(fc.integer({ min: 1, max: 127 })),
      (said, began, masks) => {
        const got = packetsOf(said, began).flatMap((event) => {
          const mask = masks.next().value;
          const through = event.filter((_, i) => ((mask >> i) & 1) === 1);
          return [...through, ...through.slice(-1)];
        });
        expect(read(got)).toBe(said);
      },
    ),
  );
});

test('a digit lasts 100 ms, its end is said three times, and the next one comes 100 ms later', () => {
  const steps = digitSteps('5#');
  expect(steps).toHaveLength(20);
  expect(
    steps
      .map((step) => (step === null ? '-' : step.begins ? 'B' : (step.payload[1]! & 0x80) !== 0 ? 'E' : 'u'))
      .join(''),
  ).toBe('BuuuEEE---BuuuEEE---');
  const last = steps[6]!.payload;
  expect([last[0], (last[2]! << 8) | last[3]!]).toEqual([5, 800]);
});

test('a packet that was overtaken by the next digit is no digit', () => {
  const [one, two] = packetsOf('12') as [Packet[], Packet[]];
  expect(read([one[0]!, two[0]!, one[3]!, two[1]!, one[6]!])).toBe('12');
});

test('a key held for longer than a segment can say is one digit', () => {
  const long = (timestamp: number, duration: number, end = 0): Packet => ({
    timestamp,
    payload: Uint8Array.of(3, end, duration >> 8, duration & 0xff),
  });
  expect(read([long(0, 800), long(0, 0xffff), long(0xffff, 160), long(0xffff, 800, 0x80)])).toBe('3');
  // The same key pressed again is two.
  expect(read([long(0, 800, 0x80), long(0xffff, 160)])).toBe('33');
});

test('a gateway that gives each repeat of the end a timestamp of its own says one digit; two presses are two', () => {
  const packet = (timestamp: number, event: number, duration: number, end: boolean): Packet => ({
    timestamp,
    payload: Uint8Array.of(event, end ? 0x80 : 0, duration >> 8, duration & 0xff),
  });
  const ends = [160, 320].map((later) => packet(1_000 + later, 4, 800, true));
  expect(read([packet(1_000, 4, 160, false), packet(1_000, 4, 800, true), ...ends])).toBe('4');
  expect(read([packet(1_000, 4, 320, true), packet(1_640, 4, 160, false), packet(1_640, 4, 320, true)])).toBe('44');
});

test('a sender whose clock begins anew is still heard', () => {
  const [first] = packetsOf('7', 0xf000_0000) as [Packet[]];
  const [second] = packetsOf('8', 12) as [Packet[]];
  expect(read([...first, ...second])).toBe('78');
  const [later, earlier] = [packetsOf('5', 85_760)[0]!, packetsOf('0', 17_632)[0]!];
  expect(read([...later, ...earlier])).toBe('50');
  const [wrapped] = packetsOf('9', 0xffff_ff00) as [Packet[]];
  const [after] = packetsOf('0', 0x500) as [Packet[]];
  expect(read([...wrapped, ...after])).toBe('90');
});

test('what is no digit is ignored', () => {
  expect(read([{ timestamp: 1, payload: Uint8Array.of(16, 0, 0, 160) }])).toBe('');
  expect(read([{ timestamp: 1, payload: Uint8Array.of(1, 0, 0) }])).toBe('');
  expect([isDigits('0123*#ABCD'), isDigits(''), isDigits('12a'), isDigits('1'.repeat(65))]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
