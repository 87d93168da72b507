/** The warm line with a real browser on one end and the real media process on the other: proven, answered, lost and found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { RtpPeer } from '../../../telephony/src/media/testing/rtp-peer.js';
import { asUlaw, voice as noise } from '../../../telephony/src/media/testing/voices.js';
import { launchBrowser, missingBrowser } from '../peers/browser.js';
import { cut, find, rms } from '../peers/correlate.js';
import { missing, sleep } from '../peers/process.js';
import { voice, type Voice } from '../peers/speech.js';
import { readWav } from '../peers/wav.js';

const absent = missingBrowser() ?? missing('espeak-ng', 'sox');

/** What the page does of the desk's part. */
interface Desk {
  open(heartbeat: boolean): Promise<void>;
  talk(on: boolean): Promise<void>;
  answer(): Promise<void>;
  /** Epoch ms of the first loud sample since the last answer, and of the answer itself. */
  heard(): { answeredAt: number; loudAt: number | null };
  buffer(): Promise<{ delayMs: number; lost: number; received: number }>;
}
type InPage = typeof globalThis & { desk: Desk; offer(sdp: string): Promise<string>; accept(): Promise<void> };

function desk(): void {
  const page = globalThis as unknown as InPage;
  let sender: RTCRtpSender;
  let receiver: RTCRtpReceiver;
  let microphone: MediaStreamTrack;
  let answeredAt = Number.POSITIVE_INFINITY;
  let loudAt: number | null = null;
  let last = { delay: 0, emitted: 0, lost: 0, received: 0 };
  const now = () => performance.timeOrigin + performance.now();
  page.desk = {
    async open(heartbeat) {
      const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      microphone = (await navigator.mediaDevices.getUserMedia({ audio: plain })).getAudioTracks()[0]!;
      const pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' });
      const transceiver = pc.addTransceiver('audio', { direction: 'sendrecv' });
      const codecs = RTCRtpSender.getCapabilities('audio')!.codecs;
      transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType === 'audio/PCMU'));
      ({ sender, receiver } = transceiver);
      if (heartbeat) {
        const channel = pc.createDataChannel('ctl');
        channel.onmessage = ({ data }: MessageEvent<string>) => channel.send(data);
      } else {
        await sender.replaceTrack(microphone);
      }
      const audio = new Audio();
      const stream = new MediaStream([receiver.track]);
      audio.srcObject = stream;
      audio.play().catch(() => undefined);
      await pc.setLocalDescription();
      const answer = await page.offer(pc.localDescription!.sdp);
      await pc.setRemoteDescription({ type: 'answer', sdp: answer });

      const context = new AudioContext();
      const code = `registerProcessor('ear', class extends AudioWorkletProcessor {
        process([input]) { const x = input[0]; if (x) { let peak = 0; for (const s of x) peak = Math.max(peak, Math.abs(s));
        if (peak > 0.02) this.port.postMessage(0); } return true; } })`;
      await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
      const ear = new AudioWorkletNode(context, 'ear');
      ear.port.onmessage = () => {
        const at = now();
        if (loudAt === null && at > answeredAt) loudAt = at;
      };
      context.createMediaStreamSource(stream).connect(ear);
    },
    async talk(on) {
      await sender.replaceTrack(on ? microphone : null);
    },
    async answer() {
      [answeredAt, loudAt] = [now(), null];
      const told = page.accept();
      await sender.replaceTrack(microphone);
      await told;
    },
    heard: () => ({ answeredAt, loudAt }),
    async buffer() {
      let found = last;
      (await receiver.getStats()).forEach((entry: Record<string, number | string>) => {
        if (entry['type'] !== 'inbound-rtp') return;
        const of = (name: string) => Number(entry[name] ?? 0);
        found = {
          delay: of('jitterBufferDelay'),
          emitted: of('jitterBufferEmittedCount'),
          lost: of('packetsLost'),
          received: of('packetsReceived'),
        };
      });
      const emitted = found.emitted - last.emitted;
      const delayMs = emitted > 0 ? ((found.delay - last.delay) / emitted) * 1_000 : 0;
      last = found;
      return { delayMs, lost: found.lost, received: found.received };
    },
  };
}

const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const worst = (values: number[]): number => Math.max(...values);

describe.skipIf(absent)(`the warm line${absent ? ` (${absent})` : ''}`, () => {
  let folder: string;
  let browser: Browser;
  let server: Server;
  let origin: string;
  /** Never silent, so that the first sample of an answer is loud. */
  const customerVoice = noise(7, 30);
  let agentVoice: Voice;
  let media: RunningMedia;
  let customer: RtpPeer;
  const pages: Page[] = [];

  beforeAll(async () => {
    compile();
    folder = mkdtempSync(join(tmpdir(), 'denwaban-warm-line-'));
    agentVoice = voice('agent', folder);
    browser = await launchBrowser(agentVoice.microphone);
    server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><p>desk'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    customer?.close();
    await media?.stop();
  });

  /** A desk with an open line, and a customer's telephone that speaks. */
  async function setUp(options: { heartbeat?: boolean } = {}): Promise<Page> {
    media = await startMedia({ portMin: 20_100, portMax: 20_140 });
    customer = await RtpPeer.open();
    const remote = { address: '127.0.0.1', port: customer.port, codec: 'PCMU', dtmfPayloadType: null } as const;
    const request = {
      type: 'open-rtp',
      leg: 'customer',
      remote: { ...remote, ptimeMs: 20, direction: 'sendrecv' },
    } as const;
    customer.aim(await media.client.request(request));
    customer.talk(asUlaw(customerVoice));
    return openDesk('line', options.heartbeat ?? true);
  }

  async function openDesk(leg: string, heartbeat: boolean): Promise<Page> {
    const context = await browser.newContext({ permissions: ['microphone'] });
    const page = await context.newPage();
    pages.push(page);
    await page.exposeFunction('offer', async (offer: string) => {
      const { answer } = await media.client.request({ type: 'open-webrtc', leg, offer, heartbeat });
      return answer;
    });
    await page.exposeFunction('accept', async () => {
      accepted.push(performance.now());
      await media.client.request({ type: 'bridge', a: 'customer', b: leg });
    });
    await page.goto(origin);
    await page.evaluate(desk);
    await page.evaluate((beats) => (globalThis as unknown as InPage).desk.open(beats), heartbeat);
    return page;
  }
  const accepted: number[] = [];
  const inDesk = {
    answer: (page: Page) => page.evaluate(() => (globalThis as unknown as InPage).desk.answer()),
    talk: (page: Page, on: boolean) => page.evaluate((to) => (globalThis as unknown as InPage).desk.talk(to), on),
    heard: (page: Page) => page.evaluate(() => (globalThis as unknown as InPage).desk.heard()),
    buffer: (page: Page) => page.evaluate(() => (globalThis as unknown as InPage).desk.buffer()),
    /** Resolves when the page has begun to be blocked. */
    block: async (page: Page, ms: number) => {
      await page.evaluate((forMs) => {
        setTimeout(() => {
          const until = Date.now() + forMs;
          while (Date.now() < until);
        }, 0);
      }, ms);
      return Date.now();
    },
  };
  const suspected = (because: string) => media.events.find((e) => e.type === 'line-suspect' && e.because === because);

  test('a line is proven, and every answer on it is heard on both sides at once', async () => {
    const page = await setUp();
    const proven = await media.event('line-proven');
    expect(proven.rttMs).toBeLessThan(100);
    const path = join(folder, 'answers.wav');
    await media.client.request({ type: 'record', recording: 'r', leg: 'customer', path });

    const agentFirst: number[] = [];
    const customerFirst: number[] = [];
    const delays: number[] = [];
    for (const idleMs of [400, 400, 2_500, 400, 1_000, 400, 400, 1_500]) {
      await sleep(idleMs);
      const before = customer.heard.length;
      await inDesk.buffer(page);
      await inDesk.answer(page);
      await sleep(1_200);
      const [first] = customer.heard.slice(before);
      const { answeredAt, loudAt } = await inDesk.heard(page);
      expect(first, 'the customer hears the agent').toBeDefined();
      expect(loudAt, 'the agent hears the customer').not.toBeNull();
      agentFirst.push(first!.atMs - accepted.at(-1)!);
      customerFirst.push(loudAt! - answeredAt);
      const buffer = await inDesk.buffer(page);
      expect(buffer.lost).toBe(0);
      delays.push(buffer.delayMs);
      await inDesk.talk(page, false);
      await media.client.request({ type: 'unbridge', a: 'customer', b: 'line' });
    }
    await media.client.request({ type: 'stop-record', recording: 'r' });
    process.stdout.write(
      `    accept → agent's first RTP at the caller: median ${middle(agentFirst).toFixed(1)}, worst ${worst(agentFirst).toFixed(1)} ms\n` +
        `    accept → caller loud in the page: median ${middle(customerFirst).toFixed(1)}, worst ${worst(customerFirst).toFixed(1)} ms\n` +
        `    browser's playout buffer per call: median ${middle(delays).toFixed(0)}, worst ${worst(delays).toFixed(0)} ms\n`,
    );
    // On an idle machine the medians are 11, 60 and 50 ms. One that does other things stalls now and then, so the best of the
    // calls judges what is ours: a timestamp that stood still over the gaps would cost every later call 460 ms of buffer.
    expect(Math.min(...agentFirst)).toBeLessThan(40);
    expect(Math.min(...customerFirst)).toBeLessThan(130);
    expect(Math.min(...delays.slice(4))).toBeLessThan(200);
    expect(middle(agentFirst)).toBeLessThan(150);
    expect(middle(customerFirst)).toBeLessThan(400);
    expect(media.events.filter((event) => event.type === 'line-suspect')).toEqual([]);

    const [left, right] = readWav(path).channels;
    expect(find(cut(left!, 8_000, 2, 5), customerVoice).coefficient).toBeGreaterThan(0.95);
    expect(rms(right!)).toBeGreaterThan(0.01);
  });

  test('a talk over the line is recorded as it was spoken on both sides', async () => {
    const page = await setUp();
    await media.event('line-proven');
    const path = join(folder, 'talk.wav');
    await media.client.request({ type: 'record', recording: 'r', leg: 'customer', path });
    await inDesk.answer(page);
    await sleep(6_000);
    const result = await media.client.request({ type: 'stop-record', recording: 'r' });
    const { rate, channels } = readWav(path);
    const [left, right] = channels as [Float32Array, Float32Array];
    expect(rate).toBe(8_000);
    expect(Math.abs(left.length / 8 - result!.durationMs)).toBeLessThan(1);
    expect(find(cut(left, 8_000, 1, 5), customerVoice).coefficient).toBeGreaterThan(0.95);
    expect(find(cut(right, 8_000, 1, 5), agentVoice.samples).coefficient).toBeGreaterThan(0.9);
    // What the customer's telephone heard is what the recording has as the agent.
    const heard = find(cut(right, 8_000, 1, 5), customer.sound());
    expect(heard.coefficient).toBeGreaterThan(0.99);
  });

  test('a desk whose main thread is blocked is known within 3 s, and is back when it echoes again', async () => {
    const page = await setUp();
    await media.event('line-proven');
    await sleep(1_500);
    const blockedAt = await inDesk.block(page, 6_000);
    const suspect = await media.event('line-suspect', (event) => event.because === 'heartbeat', 4_000);
    process.stdout.write(`    blocked desk known after ${suspect.at - blockedAt} ms\n`);
    expect(suspect.at - blockedAt).toBeLessThanOrEqual(3_100);
    await media.event('line-proven', (event) => event.at > suspect.at, 6_000);
    expect(media.events.some((event) => event.type === 'leg-lost')).toBe(false);
  });

  test('a closed tab is known within 3 s', async () => {
    const page = await setUp();
    await media.event('line-proven');
    await sleep(1_500);
    const closedAt = Date.now();
    await page.close();
    const known = await Promise.race([
      media.event('line-suspect', (event) => event.at >= closedAt, 4_000),
      media.event('leg-lost', (event) => event.leg === 'line', 4_000),
    ]);
    process.stdout.write(`    closed tab known after ${known.at - closedAt} ms\n`);
    expect(known.at - closedAt).toBeLessThanOrEqual(3_100);
  });

  test('a blocked page does not end a talk: its audio flows on', async () => {
    const page = await setUp();
    await media.event('line-proven');
    await inDesk.answer(page);
    await sleep(1_000);
    await inDesk.block(page, 5_000);
    const before = customer.heard.length;
    await sleep(4_000);
    expect(customer.heard.length - before).toBeGreaterThan(180);
    expect(suspected('rtp-silence')).toBeUndefined();
  });

  test('a microphone taken off the wire in a talk is suspected, and proven again when it is back, on the wall clock', async () => {
    const page = await setUp();
    await media.event('line-proven');
    await inDesk.answer(page);
    await sleep(1_000);
    await inDesk.talk(page, false);
    const suspect = await media.event('line-suspect', (event) => event.because === 'rtp-silence', 3_000);
    await sleep(1_500);
    await inDesk.talk(page, true);
    await media.event('line-proven', (event) => event.at > suspect.at, 2_000);
    await sleep(500);
    const { packets, numbered, countedMs, passedMs } = customer.span();
    expect(numbered).toBe(packets);
    expect(Math.abs(countedMs - passedMs)).toBeLessThan(120);
  });

  test('a killed renderer in a talk is suspected after a second and given up after ten', async () => {
    const page = await setUp();
    await media.event('line-proven');
    await inDesk.answer(page);
    await sleep(1_000);
    const session = await page.context().newCDPSession(page);
    const killedAt = Date.now();
    void session.send('Page.crash').catch(() => undefined);
    const suspect = await media.event('line-suspect', (event) => event.because === 'rtp-silence', 4_000);
    const lost = await media.event('leg-lost', (event) => event.leg === 'line', 12_000);
    process.stdout.write(
      `    killed renderer suspected after ${suspect.at - killedAt} ms, lost after ${lost.at - killedAt} ms\n`,
    );
    expect(suspect.at - killedAt).toBeLessThanOrEqual(1_500);
    expect(lost.at - killedAt).toBeLessThanOrEqual(11_000);
    // The customer is still there, and alone.
    const { legs } = await media.client.request({ type: 'hello', version: 1 });
    expect(legs).toEqual([
      expect.objectContaining({ leg: 'customer', bridgedTo: null, recording: null, proven: false }),
    ]);
  });

  test('a web caller needs no heartbeat: connected with its track, gone with its page', async () => {
    const page = await setUp({ heartbeat: false });
    await media.event('leg-connected', (event) => event.leg === 'line');
    await media.client.request({ type: 'play', leg: 'line', sound: 'hold-music' });
    await sleep(1_500);
    expect((await inDesk.buffer(page)).received).toBeGreaterThan(60);
    await page.evaluate(() => (globalThis as unknown as InPage).desk.answer());
    await sleep(600);
    expect(customer.heard.length).toBeGreaterThan(20);
    await page.close();
    const lost = await media.event('leg-lost', (event) => event.leg === 'line', 14_000);
    expect(['rtp-silence', 'closed', 'ice']).toContain(lost.because);
  });

  test('the browser plays a recording that still grows', async () => {
    const page = await setUp();
    await media.event('line-proven');
    const path = join(folder, 'growing.wav');
    await media.client.request({ type: 'record', recording: 'r', leg: 'customer', path });
    await inDesk.answer(page);
    await sleep(3_000);
    const { readFileSync } = await import('node:fs');
    const seconds = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const decoded = await new OfflineAudioContext(2, 1, 8_000).decodeAudioData(bytes.buffer.slice(0));
      const element = new Audio(URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' })));
      await new Promise((resolve, reject) => {
        element.addEventListener('canplaythrough', resolve);
        element.addEventListener('error', reject);
      });
      return [decoded.duration, element.duration];
    }, readFileSync(path).toString('base64'));
    for (const duration of seconds) {
      expect(duration).toBeGreaterThan(2);
      expect(duration).toBeLessThan(4);
    }
  });
});
