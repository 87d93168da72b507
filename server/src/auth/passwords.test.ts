import { expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './passwords.js';

test('argon2id with 19 MiB, two passes and one lane; each hash has a salt of its own', async () => {
  const [one, two] = await Promise.all([hashPassword('ひみつ'), hashPassword('ひみつ')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(one).not.toBe(two);
  expect(await verifyPassword(one, 'ひみつ')).toBe(true);
  expect(await verifyPassword(one, 'ひみつ ')).toBe(false);
});

test('nobody’s password is never right, and a broken hash is no way in', async () => {
  expect(await verifyPassword(null, 'nobody')).toBe(false);
  expect(await verifyPassword('', '')).toBe(false);
  expect(await verifyPassword('plain', 'plain')).toBe(false);
});

test('an unknown address takes as much work as a known one', async () => {
  const stored = await hashPassword('x');
  await verifyPassword(null, 'warm');
  const cpuMs = async (hash: string | null) => {
    const before = process.cpuUsage();
    for (let i = 0; i < 8; i++) await verifyPassword(hash, 'wrong');
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const known = await cpuMs(stored);
  const unknown = await cpuMs(null);
  expect(unknown / known).toBeGreaterThan(0.4);
  expect(unknown / known).toBeLessThan(2.5);
});
