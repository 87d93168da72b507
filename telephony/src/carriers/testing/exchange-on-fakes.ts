/** The exchange on a fake SIP endpoint, a fake media process and a clock moved by hand. */
import {
  epochMs,
  mintId,
  type AgentId,
  type EpochMs,
  type LegId,
  type LineId,
  type PhoneEvent,
  type RecordingId,
  type TrunkId,
} from '@denwaban/core';
import { createExchange } from '../exchange/exchange.js';
import { silentLog } from '../exchange/log.js';
import type { Trunk } from '../exchange/trunk.js';
import { loopbackAddresses } from '../exchange/trunks.js';
import { fakeMedia, type FakeMedia } from './fake-media.js';
import { fakeSip, type FakeSip } from './fake-sip.js';

export const demoTrunk: Trunk = { id: 'tk_demo' as TrunkId, name: 'Demo', inbound: { addresses: loopbackAddresses } };

/** What outlives a control process: the world around it. */
interface Left {
  now(): EpochMs;
  readonly minted: number;
  media: FakeMedia;
  sip: FakeSip;
}

/** @param started false: `exchange.start()` is left to the test */
export async function exchangeOnFakes({
  started = true,
  after = null as Left | null,
  trunk = demoTrunk,
  trunks = null as Trunk[] | null,
} = {}) {
  let at = after?.now() ?? 1_772_000_000_000;
  let legs = after?.minted ?? 0;
  const now = () => epochMs(at);
  const media = after?.media ?? fakeMedia({ now });
  const sip = fakeSip(after?.sip.farEnds);
  media.forgetControl();
  const timers = new Set<{ due: number; late: () => void }>();
  const logged: string[] = [];
  const folders: string[] = [];
  const mended: string[] = [];
  const files = new Map<string, { durationMs: number; bytes: number }>();
  const disk = {
    makeFolder: (folder: string) => Promise.resolve(void folders.push(folder)),
    mend(path: string) {
      mended.push(path);
      return Promise.resolve(files.get(path) ?? null);
    },
  };
  const note = (_data: object, message: string) => void logged.push(message);
  const exchange = createExchange({
    sip: (handlers) => sip.attach(handlers),
    media,
    trunks: trunks ?? [trunk],
    recordingsDir: '/recordings',
    disk,
    now,
    mintLeg: () =>
      mintId(
        'lg',
        now(),
        Uint8Array.from({ length: 10 }, () => ++legs),
      ),
    log: { ...silentLog, warn: note, error: note },
    after(ms, late) {
      const timer = { due: at + ms, late };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  if (started) await exchange.start();
  const events: PhoneEvent[] = [];
  exchange.listen((event) => events.push(event));

  /** Everything here is promises; a few turns of the loop bring them all to rest. */
  const settle = async () => {
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    exchange,
    media,
    sip,
    events,
    logged,
    folders,
    files,
    /** Recordings that were taken from the disk because nobody could be asked. */
    mended,
    now,
    get minted() {
      return legs;
    },
    settle,
    of: <Type extends PhoneEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<PhoneEvent, { type: Type }> => event.type === type),
    moveClock(ms: number) {
      at += ms;
      for (const timer of timers) if (timer.due <= at && timers.delete(timer)) timer.late();
    },
    get timers() {
      return timers.size;
    },
  };
}

export const anna = 'ag_anna' as AgentId;
export const ken = 'ag_ken' as AgentId;
export const asLeg = (id: string) => id as LegId;
export const asLine = (id: string) => id as LineId;
export const asRecording = (id: string) => id as RecordingId;
