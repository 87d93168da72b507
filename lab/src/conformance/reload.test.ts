/** An agent reloads their page in the middle of a call: the customer stays, both hear each other again at once, and it is one call. */
import { describe, expect, test } from 'vitest';
import { longestGapMs } from '../peers/gaps.js';
import { sleep, until } from '../peers/process.js';
import { cut, rms } from '../peers/correlate.js';
import { parseWav, readWav } from '../peers/wav.js';
import { missingStage, stage } from './stage.js';

const absent = missingStage();
const reloads = 5;
/** From the moment the old page is gone, on a machine that may be busy. How soon it is on one that is not: `npm run bench -w lab -- reload`. */
const audioBackMs = 2_000;

describe.skipIf(absent)(`a reload in a call${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();

  test(`both are heard again within ${audioBackMs} ms, ${reloads} times in one call, and the desk goes on with it`, async () => {
    const call = { tab: { tap: true }, talkMs: 2000 };
    const { owner, agent, phone, begun, establishedAt } = await on.answeredCall(0, call);

    const back: { sent: number; received: number; lateMs: number }[] = [];
    for (let i = 0; i < reloads; i++) {
      await agent.page.reload({ waitUntil: 'commit' });
      // The page's own clock begins where the one before ended: with the navigation.
      const [sent, received] = await until(
        'audio both ways after the reload',
        async () => {
          const frames = [await agent.tapped('sent'), await agent.tapped('received')] as const;
          return frames[0].length > 0 && frames[1].length > 0 ? frames : null;
        },
        { withinMs: 10_000, everyMs: 50 },
      );
      const left = await agent.page.evaluate(() => performance.timeOrigin);
      back.push({ sent: sent[0]!.at - left, received: received[0]!.at - left, lateMs: await agent.lateMs() });
      await agent.id('hang-up').waitFor();
      await sleep(1200);
    }
    const untilS = (Date.now() - establishedAt) / 1000;
    await agent.id('hold').click();
    await agent.page.locator('[data-testid=hold][aria-pressed=true]').waitFor({ timeout: 5_000 });
    await agent.id('hold').click();
    await agent.page.locator('[data-testid=hold][aria-pressed=false]').waitFor({ timeout: 5_000 });
    await agent.hangUp();
    await phone.event('CALL_CLOSED');
    await agent.saveWrapUp();
    await phone.stop();

    process.stdout.write(
      `after a reload the agent is heard ${back.map(({ sent }) => Math.round(sent)).join(', ')} ms later, hears ` +
        `${back.map(({ received }) => Math.round(received)).join(', ')} ms later; the page’s own thread was up to ` +
        `${Math.max(...back.map(({ lateMs }) => lateMs))} ms late\n`,
    );
    for (const { sent, received } of back) {
      expect(sent, 'the agent is heard again').toBeLessThanOrEqual(audioBackMs);
      expect(received, 'the agent hears again').toBeLessThanOrEqual(audioBackMs);
    }

    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ end: 'completed', endedBy: 'agent', agents: [{ name: owner.name }] });
    expect(record.offers.map(({ outcome }) => outcome)).toEqual(['accepted']);
    expect(record.segments.filter(({ kind }) => kind === 'hold')).toHaveLength(1);
    const [left, right] = parseWav(await on.finishedRecording(record.id)).channels;
    // The customer never stopped being recorded; the agent is recorded again after the last reload.
    expect(longestGapMs(cut(left!, 8000, 1, untilS - 0.2), readWav(phone.sent()[0]!).channels[0]!)).toBeLessThanOrEqual(
      60,
    );
    expect(rms(cut(right!, 8000, untilS - 1, untilS - 0.2))).toBeGreaterThan(0.01);
    expect(agent.problems.filter((problem) => problem.startsWith('uncaught'))).toEqual([]);
  });
});
