/** Chromium and the taps in it, proven without the system: what one page says is what the other receives. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, missingBrowser, Tab } from '../peers/browser.js';
import { layOut } from '../peers/lay-out.js';
import { cut, find } from '../peers/correlate.js';
import { freePorts } from '../peers/ports.js';
import { missing, sleep } from '../peers/process.js';
import { voice } from '../peers/speech.js';

const absent = missingBrowser() ?? missing('espeak-ng', 'sox');

describe.skipIf(absent)(`browsers${absent ? ` (${absent})` : ''}`, () => {
  let folder: string;
  let server: Server;
  let origin: string;
  const browsers: Browser[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-browsers-'));
    server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><p>hi'));
    const port = await freePorts('http');
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${port}/`;
  });
  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a page’s microphone is the file, and its tap sees on the wire what the other page’s tap receives', async () => {
    const [customer, agent] = [voice('customer', folder), voice('agent', folder)];
    browsers.push(await launchBrowser(customer.microphone), await launchBrowser(agent.microphone));
    const [a, b] = await Promise.all(browsers.map((browser) => Tab.open(browser, { tap: true })));
    if (!a || !b) throw new Error('two pages were opened');
    await Promise.all([a.page.goto(origin), b.page.goto(origin)]);

    const offer = await a.page.evaluate(offerSide);
    const answer = await b.page.evaluate(answerSide, offer);
    await a.page.evaluate(async (sdp) => {
      const pc = (globalThis as unknown as { pc: RTCPeerConnection }).pc;
      await pc.setRemoteDescription({ type: 'answer', sdp });
    }, answer);
    await sleep(5000);

    const sent = layOut(await a.tapped('sent'));
    const received = layOut(await b.tapped('received'));
    const said = find(cut(sent.samples, 8000, 1, 4), customer.samples);
    expect(said.coefficient).toBeGreaterThan(0.95);
    const crossed = find(cut(received.samples, 8000, 1, 3), sent.samples);
    expect(crossed.coefficient).toBeGreaterThan(0.9999); // the same bytes
    // The two clocks tell the same story: a sample is received when it was sent.
    const onTheWay = received.startedAt + 1000 - (sent.startedAt + crossed.at / 8);
    expect(Math.abs(onTheWay)).toBeLessThan(15);
    expect(find(cut(layOut(await b.tapped('sent')).samples, 8000, 1, 4), agent.samples).coefficient).toBeGreaterThan(
      0.95,
    );
    expect([...a.problems, ...b.problems]).toEqual([]);
  }, 60_000);

  test('a page tells when an element showed and when it was clicked, and its errors are seen', async () => {
    const tab = await Tab.open(browsers[0]!);
    await tab.page.goto(origin);
    const before = Date.now();
    await tab.page.evaluate(() =>
      document.body.insertAdjacentHTML('beforeend', '<button data-testid="answer">x</button>'),
    );
    await tab.id('answer').click();
    const after = Date.now();
    const [click] = await tab.clicks('answer');
    const [showing] = await tab.showings('answer');
    expect(showing!.from).toBeGreaterThanOrEqual(before - 2);
    expect(click).toBeGreaterThanOrEqual(showing!.from);
    expect(click).toBeLessThanOrEqual(after + 2);
    await tab.page.evaluate(() =>
      setTimeout(() => {
        throw new Error('planted');
      }),
    );
    await expect.poll(() => tab.problems.join()).toContain('planted');
    await tab.kill();
    await tab.close();
  }, 60_000);
});

async function offerSide(): Promise<string> {
  const pc = new RTCPeerConnection();
  Object.assign(globalThis, { pc });
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const transceiver = pc.addTransceiver(stream.getAudioTracks()[0]!, { direction: 'sendrecv' });
  const codecs = RTCRtpSender.getCapabilities('audio')?.codecs ?? [];
  transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType === 'audio/PCMU'));
  await pc.setLocalDescription();
  await new Promise<void>((resolve) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve();
  });
  return pc.localDescription?.sdp ?? '';
}

async function answerSide(offer: string): Promise<string> {
  const pc = new RTCPeerConnection();
  Object.assign(globalThis, { pc });
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  await pc.setRemoteDescription({ type: 'offer', sdp: offer });
  pc.addTrack(stream.getAudioTracks()[0]!, stream);
  await pc.setLocalDescription();
  await new Promise<void>((resolve) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve();
  });
  return pc.localDescription?.sdp ?? '';
}
