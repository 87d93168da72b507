/**
 * A real browser walks every screen on the real server, in both languages: axe finds nothing serious, nothing spills over the
 * edge, nothing throws. The pictures in lab/out/screens are to be looked at: what is ugly no assertion sees.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Agent, WebCaller } from '../peers/agent.js';
import { Tab } from '../peers/browser.js';
import { sleep } from '../peers/process.js';
import { missingStage, outFolder, stage } from './stage.js';

const absent = missingStage();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(outFolder, 'screens');

interface Finding {
  id: string;
  impact: string;
  help: string;
  where: string[];
}

/** A look as every screen gets: picture, axe, edges, language. */
async function look(page: Page, name: string, locale: string): Promise<Finding[]> {
  await page.evaluate(() => document.fonts.ready);
  await sleep(250); // transitions
  await page.screenshot({ path: join(pictures, `${name}-${locale.slice(0, 2)}.png`) });
  const spill = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(spill, `${name}: wider than the window by`).toBeLessThanOrEqual(0);
  expect(await page.title(), `${name} has a title`).not.toBe('');
  await page.evaluate(axe);
  const findings = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: { run(): Promise<{ violations: unknown[] }> } };
    const { violations } = await checker.run();
    return (
      violations as { id: string; impact: string; help: string; nodes: { target: string[]; html: string }[] }[]
    ).map(({ id, impact, help, nodes }) => ({ id, impact, help, where: nodes.map(({ html }) => html.slice(0, 160)) }));
  });
  for (const { impact, id, help, where } of findings) {
    process.stdout.write(`${name} (${locale}): ${impact} ${id}: ${help}: ${where.join(' | ').slice(0, 400)}\n`);
  }
  return findings;
}

/** [screen, finding] pairs that no release may have. */
const serious = (found: Record<string, Finding[]>) =>
  Object.entries(found).flatMap(([screen, list]) =>
    list
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, where }) => `${screen}: ${id} at ${where[0]}`),
  );

describe.skipIf(absent)(`screens${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();
  beforeAll(() => {
    rmSync(pictures, { recursive: true, force: true });
    mkdirSync(pictures, { recursive: true });
  });

  describe.each(['ja-JP', 'en-GB'])('in %s', (locale) => {
    const nth = locale === 'ja-JP' ? 0 : 1;

    test('a call, from the ring to the wrap-up', async () => {
      const { system, voices } = on;
      const { customer, owner } = on.customerWithOwner(nth);
      const found: Record<string, Finding[]> = {};
      const agent = on.closing(await Agent.signIn(await on.browser('agent'), system, owner.email, { locale }));
      const { page } = agent;
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale.slice(0, 2));
      found['away'] = await look(page, '10-desk-away', locale);
      await agent.goAvailable();
      found['available'] = await look(page, '11-desk-available', locale);
      const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
      await phone.dial(on.companyNumber());
      await agent.rings();
      found['ringing'] = await look(page, '12-desk-ringing', locale);
      await agent.answer();
      await sleep(1200);
      found['talking'] = await look(page, '13-desk-talking', locale);
      await agent.id('hold').click();
      await sleep(300);
      found['held'] = await look(page, '14-desk-held', locale);
      await agent.id('hold').click();
      await agent.id('mute').click();
      found['muted'] = await look(page, '15-desk-muted', locale);
      await phone.hangUp();
      await agent.id('save-wrap-up').waitFor();
      found['wrap-up'] = await look(page, '16-desk-wrap-up', locale);
      await agent.saveWrapUp();
      await page.setViewportSize({ width: 900, height: 600 });
      found['small'] = await look(page, '17-desk-small', locale);
      expect(serious(found)).toEqual([]);
      expect(agent.problems).toEqual([]);
    });

    test('every screen that the navigation of an administrator leads to, and a conversation with its recording', async () => {
      const { system } = on;
      const found: Record<string, Finding[]> = {};
      const stranger = on.closing(await Tab.open(await on.browser('agent'), { locale }));
      await stranger.page.goto(system.origin);
      await stranger.page.locator('input[type=password]').waitFor();
      found['sign-in'] = await look(stranger.page, '01-sign-in', locale);
      await stranger.page.locator('input[type=email]').fill('nobody@example.com');
      await stranger.page.locator('input[type=password]').fill('wrong');
      await stranger.page.locator('button[type=submit]').click();
      await stranger.page.getByRole('alert').waitFor();
      found['refused'] = await look(stranger.page, '02-sign-in-refused', locale);

      const admin = system.demo.people.find(({ role }) => role === 'admin')!;
      const tab = on.closing(await Agent.signIn(await on.browser('agent'), system, admin.email, { locale }));
      const { page } = tab;
      const links = await page
        .locator('nav a[href^="/"]')
        .evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''));
      expect(links.length, 'the navigation has links').toBeGreaterThan(2);
      for (const [i, href] of [...new Set(links)].entries()) {
        await page.goto(system.origin + href);
        await page.waitForLoadState('networkidle');
        const name = `${30 + i}-${href.replaceAll('/', '') || 'desk'}`;
        found[href] = await look(page, name, locale);
      }
      await page.goto(`${system.origin}/conversations`);
      await tab.id('conversation-row').first().click();
      await page.locator('main h1').first().waitFor();
      await page.waitForLoadState('networkidle');
      await sleep(800); // the waveform is drawn
      await page.setViewportSize({ width: 1280, height: 1300 }); // the whole of it
      found['conversation'] = await look(page, '20-conversation', locale);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${system.origin}/no-such-page`);
      found['not-found'] = await look(page, '90-not-found', locale);
      expect(serious(found)).toEqual([]);
      expect([...tab.problems, ...stranger.problems]).toEqual([]);
    });

    test('the customer’s phone, from the number to the end', async () => {
      const { system } = on;
      const found: Record<string, Finding[]> = {};
      const caller = on.closing(await WebCaller.open(await on.browser('customer'), { locale }));
      await caller.page.goto(`${system.origin}/phone`);
      await caller.id('phone-dial').waitFor();
      found['phone'] = await look(caller.page, '40-phone', locale);
      await caller.id('phone-dial').click();
      await caller.id('phone-hang-up').waitFor();
      await sleep(800);
      found['phone-calling'] = await look(caller.page, '41-phone-calling', locale);
      await caller.hangUp();
      await caller.id('phone-dial').waitFor();
      found['phone-ended'] = await look(caller.page, '42-phone-ended', locale);
      expect(serious(found)).toEqual([]);
      expect(caller.problems).toEqual([]);
    });
  });
});
