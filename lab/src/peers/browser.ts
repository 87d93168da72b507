/** Agents and web callers: the system's Chromium with a microphone that plays a file, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { prepare, type InPageOptions, type Showing, type TappedFrame } from './in-page.js';
import { missing } from './process.js';

export const chromiumPath = process.env['DENWABAN_LAB_CHROMIUM'] ?? '/usr/bin/chromium';

/** Why a suite that needs a browser cannot run here, or null. */
export function missingBrowser(): string | null {
  return existsSync(chromiumPath) ? null : missing('chromium');
}

/**
 * Starts a browser whose microphone plays `microphone` (48 kHz mono WAV) from the moment a page takes it, over and over.
 * The path is one per browser, so agents who must be told apart by ear need a browser each.
 */
export async function launchBrowser(microphone: string): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: false, // playwright's own headless is another program; Chromium's new mode is the real browser
    ignoreDefaultArgs: ['--mute-audio'],
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphone}`,
      '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection',
    ],
  });
}

/** A page in a context of its own: cookies, storage and errors are its own too. */
export class Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Uncaught errors and console errors, in order. A proof ends with an empty list. */
  readonly problems: string[] = [];

  protected constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(`uncaught: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      // The browser itself reports each failed request; the answer of a sign-in page to "who am I" is one by design.
      if (
        message.type() === 'error' &&
        !/status of (401|404|503)|net::ERR_CONNECTION_REFUSED|WebSocket connection/.test(message.text())
      ) {
        this.problems.push(`console: ${message.text()}`);
      }
    });
  }

  protected static async prepare(
    browser: Browser,
    options: Partial<InPageOptions> & { locale?: string },
  ): Promise<[BrowserContext, Page]> {
    const context = await browser.newContext({
      locale: options.locale ?? 'en-GB',
      timezoneId: 'Asia/Tokyo',
      viewport: { width: 1280, height: 800 },
      permissions: ['microphone'],
      bypassCSP: options.tap ?? false,
    });
    const inPage: InPageOptions = { rawMicrophone: options.rawMicrophone ?? true, tap: options.tap ?? false };
    await context.addInitScript(prepare, inPage);
    return [context, await context.newPage()];
  }

  static async open(browser: Browser, options: Partial<InPageOptions> & { locale?: string } = {}): Promise<Tab> {
    return new Tab(...(await Tab.prepare(browser, options)));
  }

  id(testId: string) {
    return this.page.getByTestId(testId);
  }

  /** Every showing of the element so far, on the page's clock. */
  async showings(testId: string): Promise<Showing[]> {
    return this.page.evaluate((id) => (globalThis as unknown as InPage).denwabanLab.shown[id] ?? [], testId);
  }

  /** When the element was clicked, on the page's clock. */
  async clicks(testId: string): Promise<number[]> {
    return this.page.evaluate((id) => (globalThis as unknown as InPage).denwabanLab.clicks[id] ?? [], testId);
  }

  /** The worst delay of the page's own thread since this was last asked, ms. */
  async lateMs(): Promise<number> {
    return this.page.evaluate(() => {
      const { denwabanLab } = globalThis as unknown as InPage;
      const late = denwabanLab.lateMs;
      denwabanLab.lateMs = 0;
      return Math.round(late);
    });
  }

  /** What the page sent or received on its peer connections since it was loaded. */
  async tapped(way: 'sent' | 'received'): Promise<TappedFrame[]> {
    const frames = await this.page.evaluate((which) => (globalThis as unknown as InPage).denwabanLab[which], way);
    return frames.map(({ at, ticks, payload }) => ({ at, ticks, payload: Buffer.from(payload, 'base64') }));
  }

  /** The renderer dies as from a kill -9: no goodbye of any kind. */
  async kill(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    const gone = this.page.waitForEvent('crash');
    void session.send('Page.crash').catch(() => undefined); // it cannot answer any more
    await gone;
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

interface InPage {
  denwabanLab: {
    sent: { at: number; ticks: number; payload: string }[];
    received: { at: number; ticks: number; payload: string }[];
    shown: Record<string, Showing[]>;
    clicks: Record<string, number[]>;
    lateMs: number;
  };
}
