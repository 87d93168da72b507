/** People at the real screens: an agent at the desk, and a customer at the demo page `/phone`. By test ids only. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { InPageOptions } from './in-page.js';
import { Tab } from './browser.js';
import type { Denwaban } from './denwaban.js';

export type TabOptions = Partial<InPageOptions> & { locale?: string };

export class Agent extends Tab {
  readonly email: string;
  private constructor(context: BrowserContext, page: Page, email: string) {
    super(context, page);
    this.email = email;
  }

  /** Opens the desk in a context of its own and signs in by the screen, as a person does. */
  static async signIn(browser: Browser, system: Denwaban, email: string, options: TabOptions = {}): Promise<Agent> {
    const agent = new Agent(...(await Tab.prepare(browser, options)), email);
    await agent.page.goto(system.origin);
    await agent.page.locator('input[type=email]').fill(email);
    await agent.page.locator('input[type=password]').fill(system.demo.password);
    await agent.page.locator('button[type=submit]').click();
    await agent.id('status').waitFor();
    return agent;
  }

  /** Says available and waits until the server has proven the line and says so too. */
  async goAvailable(): Promise<void> {
    // Who said so in an earlier test still says so: what a person says outlives their page.
    await this.page.locator('[data-testid=go-available], [data-testid=status][data-state=available]').first().waitFor();
    const button = this.id('go-available');
    if (await button.isVisible()) await button.click();
    await this.reaches('available');
  }

  /** @param reason as the English page names it */
  async goAway(reason: string): Promise<void> {
    await this.page.getByRole('button', { name: reason, exact: true }).click();
    await this.reaches('away');
  }

  /** What the browser says from now on when the page asks for the microphone: no, or nothing yet. */
  async microphone(says: 'refused' | 'asking'): Promise<void> {
    await this.page.evaluate((refused) => {
      navigator.mediaDevices.getUserMedia = () =>
        refused ? Promise.reject(new DOMException('no', 'NotAllowedError')) : new Promise(() => undefined);
    }, says === 'refused');
  }

  /** The status as the page shows it carries the server's word in `data-state`. */
  async reaches(state: string, withinMs = 15_000): Promise<void> {
    await this.page
      .locator(`[data-testid=status][data-state="${state}"]`)
      .waitFor({ timeout: withinMs })
      .catch(async (error: unknown) => {
        const is = await this.id('status')
          .getAttribute('data-state')
          .catch(() => 'nothing');
        throw new Error(`${this.email} is ${is}, not ${state}; ${this.problems.join('; ')}`, { cause: error });
      });
  }

  /** Waits for a ring. @returns the caller's name as the card shows it */
  async rings(withinMs = 10_000): Promise<string> {
    await this.id('incoming-call').waitFor({ timeout: withinMs });
    return (await this.id('caller-name').first().innerText()).trim();
  }

  async answer(): Promise<void> {
    await this.id('answer').click();
    await this.id('hang-up').waitFor();
  }

  /** Types the number into the desk and presses Enter. */
  async dial(number: string): Promise<void> {
    await this.id('dial-number').fill(number);
    await this.id('dial-number').press('Enter');
  }

  /** The card of a call out, until it says so. */
  async callsOut(state: 'opening' | 'calling' | 'ringing', withinMs = 10_000): Promise<void> {
    await this.page
      .locator(`[data-testid=outgoing-call][data-state="${state}"]`)
      .waitFor({ timeout: withinMs })
      .catch(async (error: unknown) => {
        const news = await this.id('call-out-news')
          .innerText({ timeout: 200 })
          .catch(() => 'nothing');
        throw new Error(`${this.email} does not see it ${state}; the desk says ${news}`, { cause: error });
      });
  }

  /** What the desk says of a call out that came to nothing. */
  async callOutNews(withinMs = 10_000): Promise<string> {
    await this.id('call-out-news').waitFor({ timeout: withinMs });
    return this.id('call-out-news').innerText();
  }

  async decline(): Promise<void> {
    await this.id('decline').click();
  }

  async hangUp(): Promise<void> {
    await this.id('hang-up').click();
  }

  async saveWrapUp(): Promise<void> {
    await this.id('save-wrap-up').click();
    await this.id('save-wrap-up').waitFor({ state: 'detached' });
  }
}

/** The customer's phone in the browser. */
export class WebCaller extends Tab {
  static override async open(browser: Browser, options: TabOptions = {}): Promise<WebCaller> {
    return new WebCaller(...(await Tab.prepare(browser, options)));
  }

  async dial(system: Denwaban, from: string, to: string): Promise<void> {
    await this.page.goto(`${system.origin}/phone`);
    await fillOrSelect(this.page, 'phone-from', from);
    await fillOrSelect(this.page, 'phone-to', to);
    await this.id('phone-dial').click();
  }

  async hangUp(): Promise<void> {
    await this.id('phone-hang-up').click();
  }
}

/** A field may be a text box or a list; a person would see which. */
async function fillOrSelect(page: Page, testId: string, value: string): Promise<void> {
  const field = page.getByTestId(testId);
  await field.waitFor();
  if ((await field.evaluate((element) => element.tagName)) === 'SELECT') await field.selectOption(value);
  else await field.fill(value);
}
