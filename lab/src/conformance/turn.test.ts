/**
 * An agent off the LAN: a real browser that may use nothing but the relay, a TURN server that nobody here wrote, a telephone,
 * and the whole house. What is proven is what both heard, and by which way.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { Agent } from '../peers/agent.js';
import { Coturn } from '../peers/coturn.js';
import { layOut } from '../peers/lay-out.js';
import { cut, rms } from '../peers/correlate.js';
import { missing, sleep, until } from '../peers/process.js';
import { readWav } from '../peers/wav.js';
import { likeness, missingStage, stage } from './stage.js';

const absent = missingStage() ?? missing('turnserver');
const secret = 'known to both';
const validS = 6;
/** Browsers refresh an allocation at half of it: at 5, 10 and 15 s, and each time with a nonce that is stale by then. */
const lifetimeS = 10;

describe.skipIf(absent)(`agents behind a relay${absent ? ` (${absent})` : ''}`, () => {
  let coturn: Coturn;
  const on = stage(async () => {
    coturn = await Coturn.start({ secret });
    const at = `turn:127.0.0.1:${coturn.port}?transport=`;
    return {
      DENWABAN_TURN_URLS: `${at}udp, ${at}tcp`,
      DENWABAN_TURN_SECRET: secret,
      DENWABAN_TURN_SECONDS: String(validS),
      DENWABAN_TURN_POLICY: 'relay',
    };
  });
  afterAll(() => coturn?.stop());

  const relayOf = (agent: Agent) => agent.id('line-relay').getAttribute('data-relay', { timeout: 10_000 });

  /** A call of `talkMs`, heard on both sides. */
  async function talk(agent: Agent, n: number, talkMs: number): Promise<void> {
    const { system, voices } = on;
    const { customer } = on.customerWithOwner(n);
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    await phone.dial({ ...on.companyNumber(), host: system.demo.sip.host });
    await agent.rings();
    await agent.answer();
    await sleep(talkMs);
    await agent.hangUp();
    await phone.event('CALL_CLOSED');
    await agent.saveWrapUp();
    const [sent, received] = [layOut(await agent.tapped('sent')), layOut(await agent.tapped('received'))];
    const heard = readWav(phone.heard()[0]!).channels[0]!;
    await phone.stop();
    const tail = heard.length / 8000;
    expect(likeness(heard, sent.samples), 'the customer hears the agent').toBeGreaterThanOrEqual(0.9);
    expect(likeness(received.samples, voices.customer.samples), 'the agent hears the customer').toBeGreaterThanOrEqual(
      0.9,
    );
    expect(rms(cut(heard, 8000, tail - 4, tail - 1)), 'up to the end').toBeGreaterThan(0.005);
  }

  test('a call through the relay, longer than its credentials are good; the next line gets new ones', async () => {
    const { owner } = on.customerWithOwner(0);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email, { tap: true }));
    await agent.goAvailable();
    expect(await relayOf(agent)).toBe('udp');
    await talk(agent, 0, 15_000);

    // The line closes with being away: its session at the relay ends, and coturn says what went through.
    await agent.page.locator('button[aria-pressed=false]').first().click();
    await agent.reaches('away');
    // 50 packets a second each way, and the relay's own words. A second allocation, that came to nothing, is counted too.
    const enough = 15 * 45;
    const first = await until(
      'coturn counts the session',
      () => coturn.relayed().find(({ received, sent }) => received > enough && sent > enough),
      { withinMs: 15_000 },
    );
    expect(first.user).toMatch(/^\d{10}:ag_/);

    await agent.goAvailable();
    await agent.close();
    // It was given back under credentials whose time was over by then: coturn looks at the time when a session begins.
    expect(coturn.log()).toMatch(/REFRESH processed, success/);
    const users = await until(
      'the second session is counted',
      () => {
        const all = coturn.relayed().map(({ user }) => user);
        return all.length > 1 ? all : null;
      },
      { withinMs: 15_000 },
    );
    const times = users.map((user) => Number(user.split(':')[0]));
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(validS);
    expect(users.map((user) => user.split(':')[1])).toEqual(Array(users.length).fill(users[0]!.split(':')[1]));
    expect(agent.problems).toEqual([]);
  });

  test('credentials whose time is over open nothing; fresh ones do', async () => {
    const agent = on.closing(
      await Agent.signIn(await on.browser('agent'), on.system, on.customerWithOwner(0).owner.email),
    );
    const gather = (ageMs: number) =>
      agent.page.evaluate(async (age) => {
        const given = await (await fetch('/api/v1/me/ice-servers')).json();
        await new Promise((resolve) => setTimeout(resolve, age));
        const peer = new RTCPeerConnection({ iceServers: given.iceServers, iceTransportPolicy: 'relay' });
        const found = { relays: 0, errors: [] as number[] };
        peer.onicecandidate = ({ candidate }) => void (found.relays += candidate?.type === 'relay' ? 1 : 0);
        peer.onicecandidateerror = ({ errorCode }) => void found.errors.push(errorCode);
        peer.createDataChannel('x');
        await peer.setLocalDescription();
        while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
        await new Promise((resolve) => setTimeout(resolve, 200));
        peer.close();
        return found;
      }, ageMs);
    expect((await gather(0)).relays).toBeGreaterThan(0);
    const late = await gather((validS + 2) * 1000);
    expect(late.relays).toBe(0);
    expect(late.errors).toContain(401);
  });

  test('a call longer than its allocation lives: refreshed in mid-call, by credentials and nonces that are over', async () => {
    await coturn.stop();
    coturn = await Coturn.start({ secret, port: coturn.port, lifetimeS });
    const { owner } = on.customerWithOwner(3);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email, { tap: true }));
    await agent.goAvailable();
    expect(await relayOf(agent)).toBe('udp');
    await talk(agent, 3, 17_000);
    // What was heard up to the end went through an allocation that would have been gone twice.
    const [user, ...more] = coturn.refreshed();
    expect(more.length).toBeGreaterThanOrEqual(2);
    expect(new Set(more)).toEqual(new Set([user]));
    expect(Number(user?.split(':')[0])).toBeLessThan(Date.now() / 1_000 - validS);
    expect(agent.problems).toEqual([]);
  });

  // Chromium's ICE tie-breaker is 0 over a TCP relay, which libjuice takes for none (its issue 355): only our own stack is reached so.
  test('where UDP to the relay is shut, the line is proven over TCP', async () => {
    await coturn.stop();
    coturn = await Coturn.start({ secret, port: coturn.port, only: 'tcp' });
    const { owner } = on.customerWithOwner(1);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email));
    await agent.id('go-available').click();
    await agent.reaches('available', 6_000);
    expect(await relayOf(agent)).toBe('tcp');
  });

  test('where a straight way works, the relay is there and not used; its secret is in no log', async () => {
    const told = on.system.log();
    expect(told).not.toContain(secret);
    await on.system.stop();
    on.system.settings = { ...on.system.settings, DENWABAN_TURN_POLICY: 'all', DENWABAN_LOG_LEVEL: 'debug' };
    await on.system.start();
    const { owner } = on.customerWithOwner(2);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email));
    await agent.goAvailable();
    await agent.id('line').getByText('RTT').waitFor();
    expect(await agent.id('line-relay').count()).toBe(0);
    const { iceServers } = await agent.page.evaluate(async () => (await fetch('/api/v1/me/ice-servers')).json());
    for (const hidden of [secret, iceServers[0].credential]) expect(on.system.log()).not.toContain(hidden);
  });
});
