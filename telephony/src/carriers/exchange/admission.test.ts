import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit, createGate, isOverloaded, look, mediaStrain, open, type Admission, type Strain } from './admission.js';

const calm: Strain = { controlLateMs: 1, mediaLateMs: 1, freePorts: 400, journalBehindMs: 3 };
const late: Strain = { ...calm, controlLateMs: 200 };

/** `count` callers between two looks. @returns how many were let in */
function callers(state: Admission, count: number): [Admission, number] {
  let admitted = 0;
  for (let i = 0; i < count; i++) {
    const [after, free] = admit(state);
    state = after;
    admitted += Number(free);
  }
  return [state, admitted];
}

describe('admission', () => {
  test('without strain fifty come in at once, and then a fifth more at every look, however many', () => {
    let state = look(open, calm, 250);
    const admitted: number[] = [];
    for (let i = 0; i < 4; i++) {
      const [after, count] = callers(state, 10_000);
      admitted.push(count);
      state = look(after, calm, 250);
    }
    expect(admitted).toEqual([50, 60, 72, 86]);
    expect(isOverloaded(state)).toBe(false);
    expect(callers(look(look(state, calm, 250), calm, 250), 10_000)[1]).toBe(50); // nobody came in between
  });

  test.each([
    ['control', late],
    ['media', { ...calm, mediaLateMs: 30 }],
  ])('strain of %s lets in seven of ten of those who came in before', (_who, strain) => {
    const [busy] = callers(open, 50); // in 250 ms: 200 a second
    const limited = look(busy, strain, 250);
    expect(limited.rate).toBeCloseTo(140);
    expect(isOverloaded(limited)).toBe(true);
    expect(callers(limited, 1_000)[1]).toBe(35); // a quarter of a second’s
  });

  test('a machine that is always too slow still lets five a second in: somebody gets through, and it is seen when it is better', () => {
    let state = open;
    let through = 0;
    for (let i = 0; i < 400; i++) {
      const [after, admitted] = callers(look(state, late, 250), 100);
      state = after;
      if (i >= 360) through += admitted;
    }
    expect(through).toBeGreaterThanOrEqual(40);
    expect(through).toBeLessThanOrEqual(60);
  });

  test('when it is calm again the rate rises, and after three seconds without a refusal nobody is counted', () => {
    let state = look(callers(open, 100)[0], late, 250);
    for (let i = 0; i < 11; i++) state = look(state, calm, 250);
    expect(isOverloaded(state)).toBe(true);
    state = look(state, calm, 250);
    expect(state).toEqual(open);
  });

  test('between the two limits the rate stays what it is', () => {
    const limited = look(callers(open, 50)[0], late, 250);
    expect(look(limited, { ...calm, controlLateMs: 60 }, 250).rate).toBe(limited.rate);
  });

  test('no port left: nobody comes in, and as soon as there are some, everybody', () => {
    const full = look(open, { ...calm, freePorts: 3 }, 250);
    expect([isOverloaded(full), callers(full, 10)[1]]).toEqual([true, 0]);
    expect(callers(look(full, calm, 250), 10)[1]).toBe(10);
  });

  test('no word gets on disk: nobody comes in, and when it does again, fewer than came before', () => {
    const [busy] = callers(open, 40);
    const stalled = look(busy, { ...calm, journalBehindMs: 501 }, 250);
    expect([isOverloaded(stalled), callers(stalled, 10)[1]]).toEqual([true, 0]);
    const [refused] = callers(look(stalled, { ...calm, journalBehindMs: 4_000 }, 250), 10);
    const back = look(refused, calm, 250);
    expect(callers(back, 100)[1]).toBeGreaterThan(0);
    expect(callers(back, 100)[1]).toBeLessThan(40);
  });

  test('against a machine that can take 100 a second, four of five of these get through at five times as many', () => {
    let state = open;
    let through = 0;
    for (let i = 0; i < 240; i++) {
      const [after, admitted] = callers(state, 125); // 500 a second
      if (i >= 40) through += admitted;
      state = look(after, admitted > 25 ? late : calm, 250);
    }
    expect(through / 50).toBeGreaterThanOrEqual(80);
    expect(through / 50).toBeLessThanOrEqual(110);
  });

  test('whatever happens, no more come in than the rate and its burst allow', () => {
    const step = fc.record({
      control: fc.nat(300),
      media: fc.nat(60),
      ports: fc.nat(20),
      journal: fc.nat(800),
      count: fc.nat(500),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state = open;
        for (const { control, media, ports, journal, count } of steps) {
          state = look(
            state,
            { controlLateMs: control, mediaLateMs: media, freePorts: ports, journalBehindMs: journal },
            250,
          );
          const allowed = state.closed
            ? 0
            : state.rate === null
              ? Math.max(50, state.tokens)
              : Math.max(1, state.rate * 0.25);
          const [after, admitted] = callers(state, count);
          expect(admitted).toBeLessThanOrEqual(allowed);
          expect(after.rate ?? 5).toBeGreaterThanOrEqual(5);
          state = after;
        }
      }),
    );
  });

  test('the worst media process counts, and one that has fallen silent by how long', () => {
    const of = (lateMs: number, at: number) => ({
      name: 'media-1',
      ready: true,
      pid: 1,
      load: { legs: 0, freePorts: 10, lateMs, retiring: false, at },
    });
    expect(mediaStrain([of(3, 9_900), of(12, 9_800)], 10_000)).toEqual({ mediaLateMs: 12, freePorts: 20 });
    expect(mediaStrain([of(3, 9_900), of(3, 7_000)], 10_000).mediaLateMs).toBe(3_000);
    expect(mediaStrain([], 10_000)).toEqual({ mediaLateMs: 0, freePorts: null });
  });

  test('the gate looks at most four times a second', () => {
    let looks = 0;
    let at = 0;
    const gate = createGate(
      () => {
        looks += 1;
        return calm;
      },
      () => at,
    );
    for (; at < 1_000; at += 10) gate.admit();
    expect(looks).toBe(3);
    expect(gate.overloaded).toBe(false);
  });
});
