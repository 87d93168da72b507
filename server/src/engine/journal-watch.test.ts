import type { Conversation } from '@denwaban/core';
import { expect, test } from 'vitest';
import { watchJournal } from './journal-watch.js';

test('the journal is behind by as long as its oldest word waits, and not at all when nothing does', async () => {
  let at = 0;
  const settle: { done(): void; failed(error: Error): void }[] = [];
  const { journal, behindMs } = watchJournal(
    {
      append: () => new Promise<void>((done, failed) => void settle.push({ done, failed })),
      open: async () => [],
      events: async () => [],
    },
    () => at,
  );
  const append = () => journal.append([], {} as Conversation);
  expect(behindMs()).toBe(0);
  const first = append();
  at = 300;
  const second = append();
  at = 700;
  expect(behindMs()).toBe(700);
  settle[0]?.done();
  await first;
  expect(behindMs()).toBe(400);
  // What the disk will never take is not waited for either; whoever appended it is told.
  settle[1]?.failed(new Error('refused'));
  await expect(second).rejects.toThrow('refused');
  expect(behindMs()).toBe(0);
});
