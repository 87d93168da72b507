/**
 * Walks every screen in a real Chromium against the cardboard server, in both languages and two sizes; takes a picture of each
 * and lets axe look at it. `node desk/src/testing/walk.mjs [origin] [folder] [only] [ja-1280]`: pictures by a part of
 * their name, and one of the four walks. Exits with 1 when axe finds something
 * serious, or when the browser's console had something to complain about.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const origin = process.argv[2] ?? 'http://127.0.0.1:5301';
const folder = process.argv[3] ?? '/tmp/desk/shots';
const only = process.argv[4];
const round = process.argv[5];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
await mkdir(folder, { recursive: true });

const problems = [];
const scene = (name) => fetch(`${origin}/mock/${name}`, { method: 'POST' });

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-background-networking',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--autoplay-policy=user-gesture-required',
  ],
});

for (const locale of ['ja', 'en']) {
  for (const [width, height] of [
    [1280, 800],
    [1440, 900],
  ]) {
    if (!round || round === `${locale}-${width}`) await walk(locale, width, height);
  }
}
await browser.close();
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(problems.length ? `${problems.length} problems\n` : 'nothing to complain about\n');
process.exit(problems.length ? 1 : 0);

async function walk(locale, width, height) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: locale === 'ja' ? 'ja-JP' : 'en-GB',
    timezoneId: 'Asia/Tokyo',
    permissions: ['microphone', 'notifications'],
  });
  const page = await context.newPage();
  const where = `${locale} ${width}`;
  const watch = (one) => {
    one.on('console', (message) => {
      const expected = /status of 401|status of 404/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !expected)
        problems.push(`${where}: console: ${message.text()}`);
    });
    one.on('pageerror', (error) => problems.push(`${where}: ${error.message}`));
  };
  watch(page);

  /** What a person needs in a call must be seen without scrolling. */
  const fits = async (name, target, ids) => {
    if (only && !new RegExp(only).test(name)) return;
    await target.evaluate(() => scrollTo(0, 0));
    for (const one of ids) {
      const box = await target.getByTestId(one).boundingBox();
      const low = box ? Math.ceil(box.y + box.height) : Infinity;
      if (low > height) problems.push(`${where}: ${name}: ${one} ends at ${low} of ${height} px`);
    }
  };
  const look = async (name, target = page) => {
    if (only && !new RegExp(only).test(name)) return;
    await target.waitForTimeout(350);
    await target.screenshot({ path: `${folder}/${name}-${locale}-${width}.png` });
    await target.evaluate(axe);
    const found = await target.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    for (const { id, impact, nodes } of found.violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      problems.push(
        `${where}: ${name}: axe ${impact} ${id}: ${nodes
          .slice(0, 4)
          .map((node) => `${node.target}`)
          .join(' | ')}`,
      );
    }
    const wide = await target.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) problems.push(`${where}: ${name}: ${wide} px wider than the window`);
  };
  const id = (name) => page.getByTestId(name);
  const reaches = (state) => page.locator(`[data-testid=status][data-state="${state}"]`).waitFor({ timeout: 5000 });

  await page.goto(`${origin}/sign-in`);
  await page.getByRole('heading', { level: 2 }).first().waitFor();
  await look('sign-in');
  await page.fill('input[type=email]', 'nobody@demo.example');
  await page.fill('input[type=password]', 'wrong');
  await page.click('button[type=submit]');
  await page.getByRole('alert').waitFor();
  await look('sign-in-refused');
  await page.fill('input[type=email]', 'ag3@demo.example');
  await page.fill('input[type=password]', 'denwaban-demo');
  await page.click('button[type=submit]');
  await id('status').waitFor();
  await look('desk-away');
  await id('go-available').click();
  await reaches('available');
  await page.waitForTimeout(1200);
  await look('desk-available');
  await scene('offer');
  await id('incoming-call').waitFor();
  await look('desk-incoming');
  await id('answer').click();
  await reaches('talking');
  await id('note').fill(locale === 'ja' ? '契約の更新日について。見積書を送る。' : 'Asked about the renewal date.');
  await page.evaluate(() => scrollTo(0, 0));
  await look('desk-talking');
  await fits('desk-talking', page, ['go-available', 'hang-up', 'note']);
  await id('mute').click();
  await id('hold').click();
  await id('keypad').click();
  await id('key-5').click();
  await look('desk-held');
  await id('hang-up').click();
  await id('save-wrap-up').waitFor();
  await page.locator('fieldset label').nth(1).click();
  await look('desk-wrap-up');
  await fits('desk-wrap-up', page, ['go-available', 'save-wrap-up']);
  await id('save-wrap-up').click();
  await reaches('available');
  await scene('offer?unknown=1&because=longest-idle');
  await id('incoming-call').waitFor();
  await look('desk-unknown');
  await id('decline').click();
  await reaches('available');
  await callOut(locale, { page, look, fits, id, reaches });
  await page
    .getByRole('combobox')
    .first()
    .fill(locale === 'ja' ? '佐藤' : 'Walker');
  await page.getByRole('option').first().waitFor();
  await look('desk-search');
  await page.keyboard.press('Enter');
  await look('desk-customer');
  await scene('replaced');
  await id('take-over').waitFor();
  await look('desk-replaced');
  await id('take-over').click();
  await reaches('available');

  await page.click('nav a[href="/conversations"]');
  await id('conversation-row').first().waitFor();
  await look('conversations');
  await scene('offer?because=freed');
  await id('incoming-call').waitFor();
  await look('conversations-incoming');
  await scene('withdraw');
  await page.goto(`${origin}/conversations?direction=inbound&end=completed`);
  await id('conversation-row').nth(0).click();
  await page.getByTestId('waveform').waitFor();
  await page.waitForTimeout(500);
  await look('conversation');
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await look('conversation-end');
  await page.goto(`${origin}/conversations?direction=outbound`);
  await id('conversation-row').first().waitFor();
  await look('conversations-outbound');
  for (const [name, end] of [
    ['conversation-outbound', 'completed'],
    ['conversation-unanswered', 'unanswered'],
    ['conversation-missed', 'abandoned'],
  ]) {
    const way = end === 'abandoned' ? 'inbound' : 'outbound';
    await page.goto(`${origin}/conversations?direction=${way}&end=${end}`);
    await id('conversation-row').nth(1).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await look(name);
  }
  await page.click('nav a[href="/customers"]');
  await page.getByTestId('customer-row').first().waitFor();
  await look('customers');

  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await look('shortcuts');
  await page.keyboard.press('Escape');
  await page.getByTestId('me').click();
  await page.getByRole('menuitem').waitFor();
  await look('me-menu');
  await page.keyboard.press('Escape');
  await page.goto(`${origin}/nowhere`);
  await page.getByRole('main').waitFor();
  await look('not-found');
  await page.goto(`${origin}/sign-in`);
  await page.fill('input[type=email]', 'ag1@demo.example');
  await page.fill('input[type=password]', 'denwaban-demo');
  await page.click('button[type=submit]');
  await id('status').waitFor();
  await page.click('nav a[href="/system"]');
  await page.getByTestId('trunk-row').first().waitFor();
  await look('system');
  await page.goto(`${origin}/customers/import`);
  await page.locator('input[type=file]').waitFor({ state: 'attached' });
  await look('import');
  const csv = (text) => ({
    name: 'customers.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`name,phones\n${text}\n`),
  });
  await page.setInputFiles('input[type=file]', csv('bad,1'));
  await page.getByRole('table').waitFor();
  await look('import-problems');
  await page.setInputFiles('input[type=file]', csv('good,0312345678'));
  await id('run-import').waitFor();
  await look('import-ready');

  for (const [name, path] of [
    ['board', '/board'],
    ['phone', '/phone'],
  ]) {
    const other = await context.newPage();
    watch(other);
    await other.goto(origin + path);
    await other.waitForTimeout(900);
    await look(name, other);
    if (name === 'phone') {
      await other.getByTestId('phone-dial').click();
      await other.locator('[data-testid=phone-state][data-state=answered]').waitFor();
      await look('phone-answered', other);
      await fits('phone-answered', other, ['phone-hang-up']);
    }
    await other.close();
  }
  await scene('reset');
  await context.close();
}

/** Whom one may call, and what becomes of it. */
async function callOut(locale, { page, look, fits, id, reaches }) {
  const dial = async (number) => {
    await id('dial-number').fill(number);
    await id('dial-number').press('Enter');
  };
  const news = () => id('call-out-news').waitFor();
  const keypad = id('dial-keypad');
  await page.keyboard.press('d');
  await page.keyboard.insertText('０９０−１２３４−５６７８');
  await look('dial-typed');
  await keypad.click();
  await id('key-0').click();
  await look('dial-keypad');
  await keypad.click();
  // The Enter with which an input method takes its word over must not call anybody.
  await id('dial-number').fill('03-5555-011');
  const keyboard = await page.context().newCDPSession(page);
  await keyboard.send('Input.imeSetComposition', { text: '９', selectionStart: 1, selectionEnd: 1 });
  const enter = { key: 'Enter', code: 'Enter' };
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter, windowsVirtualKeyCode: 229 });
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter, windowsVirtualKeyCode: 13 });
  await keyboard.send('Input.insertText', { text: '９' });
  await page.waitForTimeout(300);
  if ((await id('outgoing-call').count()) > 0) problems.push(`${locale}: the Enter of an input method called somebody`);
  await dial('119');
  await news();
  await look('dial-emergency');
  await dial('+1 415 555 0123');
  await page.waitForTimeout(200);
  await look('dial-not-allowed');
  await dial('03-5555-0119');
  await id('outgoing-call').waitFor();
  await look('call-out-calling');
  await page.locator('[data-testid=outgoing-call][data-state=ringing]').waitFor();
  await look('call-out-ringing');
  await fits('call-out-ringing', page, ['go-available', 'hang-up']);
  await id('hang-up').click();
  await news();
  await look('call-out-cancelled');
  for (const [digit, cause] of [
    [1, 'busy'],
    [2, 'no-answer'],
    [3, 'declined'],
    [4, 'unknown-number'],
    [5, 'unreachable'],
  ]) {
    await dial(`03 5555 011${digit}`);
    await id('outgoing-call').waitFor();
    await news();
    await look(`call-out-${cause}`);
  }
  await dial('０３５５５５０１１０');
  await reaches('talking');
  await id('note').waitFor();
  await look('call-out-talking');
  await fits('call-out-talking', page, ['go-available', 'hang-up', 'note']);
  await id('hang-up').click();
  await id('save-wrap-up').waitFor();
  await look('call-out-wrap-up');
  await id('save-wrap-up').click();
  await reaches('available');
  await page
    .getByRole('combobox')
    .first()
    .fill(locale === 'ja' ? '０３５５５５０１１０' : '0312121212');
  await id('search-call').first().waitFor();
  await look('search-number');
  await page.keyboard.press('Escape');
}
