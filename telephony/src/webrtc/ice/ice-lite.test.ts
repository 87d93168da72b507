import { beforeEach, expect, test } from 'vitest';
import { HmacSha1 } from '../../rtp/srtp/sha1.js';
import { IceLite } from './ice-lite.js';
import { integrityHolds, readStun, stunAttributes, StunWriter, type StunKind } from './stun.js';

const ours = { ufrag: 'ours', password: 'a password of ours, long' };
const key = new HmacSha1(Buffer.from(ours.password));
const at = (n: number) => ({ address: `192.0.2.${n}`, port: 5_000 + n });

let ice: IceLite;
beforeEach(() => {
  ice = new IceLite(ours, 'theirs');
});

interface Asking {
  kind: StunKind;
  username: string;
  password: HmacSha1 | null;
  nominates: boolean;
  role: number;
  more: number | null;
}

function check(from: { address: string; port: number }, change: Partial<Asking> = {}, nowMs = 0) {
  const plain: Asking = {
    ...{ kind: 'request', username: 'ours:theirs', password: key, nominates: false },
    ...{ role: stunAttributes.controlling, more: null },
  };
  const asked = { ...plain, ...change };
  const writer = new StunWriter(asked.kind, Buffer.from('transaction!'));
  writer.add(stunAttributes.username, Buffer.from(asked.username)).add(asked.role, new Uint8Array(8));
  if (asked.nominates) writer.add(stunAttributes.useCandidate, new Uint8Array());
  if (asked.more !== null) writer.add(asked.more, Uint8Array.of(1, 2));
  if (asked.password !== null) writer.sign(asked.password);
  const { reply, valid, dropped } = ice.check(readStun(Buffer.from(writer.finish()))!, from, nowMs);
  return { reply: reply === null ? null : readStun(reply), valid, dropped };
}

/** The number in ERROR-CODE. */
function codeOf({ reply }: ReturnType<typeof check>): number | null {
  if (reply?.kind !== 'error') return null;
  return reply.bytes[26]! * 100 + reply.bytes[27]!;
}

test('a check is answered, signed, with where it came from', () => {
  const { reply, valid } = check(at(1));
  expect(valid).toBe(true);
  expect(reply).toMatchObject({ kind: 'success', method: 1 });
  expect(Buffer.from(reply!.transaction).toString()).toBe('transaction!');
  expect(integrityHolds(reply!, key)).toBe(true);
});

test('before anything is nominated we send where the first check came from; then where the last nomination did', () => {
  check(at(1));
  check(at(2));
  expect(ice.target).toEqual(at(1));
  check(at(2), { nominates: true });
  expect(ice.target).toEqual(at(2));
  check(at(1));
  expect(ice.target).toEqual(at(2));
  check(at(3), { nominates: true });
  expect(ice.target).toEqual(at(3));
});

test.each([
  ['without a signature', { password: null }, 400],
  ['signed with another password', { password: new HmacSha1(Buffer.from('guessed')) }, 401],
  ['for another far end', { username: 'ours:others' }, 401],
  ['with what must be understood and is not', { more: 0x7001 }, 420],
  ['of one that wants to be led', { role: stunAttributes.controlled }, 487],
] as const)('a check %s changes nothing and is refused', (_, change, code) => {
  const answered = check(at(1), change);
  expect(answered).toMatchObject({ valid: false });
  expect(codeOf(answered)).toBe(code);
  expect([ice.target, ice.known, ice.checkedMs]).toEqual([null, [], Number.NaN]);
});

test('a refusal is no longer than a check, so that nobody is flooded by our help', () => {
  const shortest = new StunWriter('request', Buffer.from('transaction!'));
  const asked = shortest.add(stunAttributes.username, Buffer.from('ours:x')).finish();
  const { reply } = ice.check(readStun(asked)!, at(1), 0);
  expect(reply!.length).toBeLessThanOrEqual(asked.length + 12);
});

test.each(['indication', 'success', 'error'] as const)('nothing is said to an %s', (kind) => {
  expect(check(at(1), { kind })).toEqual({ reply: null, valid: false, dropped: null });
});

test('consent is as old as the newest check of whichever path', () => {
  check(at(1), {}, 1_000);
  check(at(2), {}, 3_000);
  check(at(1), { password: new HmacSha1(Buffer.from('guessed')) }, 9_000);
  expect(ice.checkedMs).toBe(3_000);
});

test('of many paths the one not used for longest makes room, but never the one we send to', () => {
  check(at(1), { nominates: true }, 0);
  for (let n = 2; n <= 16; n++) expect(check(at(n), {}, n).dropped).toBeNull();
  expect(check(at(17), {}, 17).dropped).toEqual(at(2));
  expect(ice.known).toHaveLength(16);
  expect(ice.known).toContainEqual(at(1));
});
