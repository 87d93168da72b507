import { expect, test } from 'vitest';
import { phoneLock } from './phone-lock.js';

/** Web Locks in memory, as far as a phone uses them: one holder a name, waiters in order, granted by hand. */
function locksByHand() {
  let held = false;
  const waiting: (() => void)[] = [];
  const grants: (() => void)[] = [];
  const give = async (callback: (lock: object) => unknown, settle: () => void) => {
    held = true;
    await callback({});
    held = false;
    settle();
    waiting.shift()?.();
  };
  const manager = {
    request: (_: string, options: { ifAvailable?: boolean }, callback: (lock: object | null) => unknown) =>
      new Promise<void>((resolve) => {
        grants.push(() => {
          if (!held) void give(callback, resolve);
          else if (options.ifAvailable === true) resolve(callback(null) as void);
          else waiting.push(() => void give(callback, resolve));
        });
      }),
  };
  return {
    manager: manager as unknown as LockManager,
    grant: () => grants.splice(0).forEach((one) => one()),
    isHeld: () => held,
  };
}
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

test('the first page is the phone, the second waits and becomes it when the first goes', async () => {
  const locks = locksByHand();
  const told: string[] = [];
  const [first, second] = [phoneLock('phone', locks.manager), phoneLock('phone', locks.manager)];
  first.start((held) => told.push(`first ${held}`));
  second.start((held) => told.push(`second ${held}`));
  locks.grant();
  locks.grant();
  expect(told).toEqual(['first true', 'second false']);
  first.stop();
  await settle();
  expect(told.at(-1)).toBe('second true');
});

test('a page that went before the lock was granted does not keep it', async () => {
  const locks = locksByHand();
  const phone = phoneLock('phone', locks.manager);
  phone.start(() => {});
  phone.stop();
  locks.grant();
  await settle();
  expect(locks.isHeld()).toBe(false);
});
