/**
 * What one input costs the engine while many conversations live: it is to depend on what changed, not on how many there are.
 * Phone network, directory and disk cost nothing here.
 */
import { epochMs, type LegId } from '@denwaban/core';
import { arrival, type BusyFloor, busyFloor } from './busy-floor.js';
import { random, row, type Benchmark, type Row } from './measure.js';

const living = [100, 1_000, 5_000] as const;
const samples = 15;
const now = () => epochMs(Date.now());
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

export const engine: Benchmark = {
  name: 'engine',
  async run({ seed }) {
    const rows: Row[] = [];
    const measure = async (
      what: string,
      under: string,
      floor: BusyFloor,
      turns: number,
      turn: (i: number) => Promise<void>,
    ): Promise<void> => {
      for (let i = 0; i < 1_000; i++) await turn(i); // compiled and warm before it counts
      const figures: number[] = [];
      for (let s = 0; s < samples; s++) {
        const before = process.cpuUsage();
        for (let i = 0; i < turns; i++) await turn(i);
        const { user, system } = process.cpuUsage(before);
        figures.push((user + system) / turns);
      }
      floor.stop();
      rows.push(row(`engine: ${what}`, 'µs', `${under}, ${turns} a sample, CPU of all threads`, figures));
    };
    for (const count of living) {
      const turns = count > 1_000 ? 100 : 200;
      const held = await busyFloor(random(seed), { talking: count, waiting: 0, free: false });
      await measure('hold or resume', `${count} talk`, held, turns, (i) => holdOrResume(held, i));
      const busy = await busyFloor(random(seed), { talking: count, waiting: 0, free: true });
      await measure('a whole call, ten inputs', `${count} talk`, busy, turns, () => wholeCall(busy));
      const crowd = await busyFloor(random(seed), { talking: 100, waiting: count, free: false });
      await measure('a caller comes, waits and leaves', `${count} wait`, crowd, turns, () => comeAndLeave(crowd));
    }
    return rows;
  },
};

async function holdOrResume({ desks }: BusyFloor, i: number): Promise<void> {
  const desk = desks[i % desks.length];
  const call = desk?.state.call;
  if (desk === undefined || call == null) throw new Error('nobody talks');
  const type = call.state === 'held' ? 'call.resume' : 'call.hold';
  await desk.command({ type, conversation: call.caller.conversation });
}

async function wholeCall({ free: desk, commands, tell, mint }: BusyFloor): Promise<void> {
  if (desk === null) throw new Error('nobody is free');
  const leg = mint('lg');
  tell(arrival(leg));
  await settled();
  const { offer } = desk.state;
  if (offer === null) throw new Error('no offer came');
  await desk.command({ type: 'offer.ringing', reservation: offer.reservation });
  await desk.command({ type: 'offer.accept', reservation: offer.reservation });
  const join = commands.find((one) => one.type === 'join');
  if (join === undefined) throw new Error('nobody was joined');
  tell({ type: 'leg.answered', leg, at: now(), token: 'token' });
  tell({ type: 'leg.joined', customer: leg, agentLeg: join.agentLeg, at: now() });
  await settled();
  tell({ type: 'leg.ended', leg, at: now(), cause: 'hung-up' });
  const recording = join.recording;
  if (recording !== null) {
    tell({ type: 'recording.finished', recording, leg, at: now(), path: 'x.wav', durationMs: 1_000, bytes: 32_044 });
  }
  await settled();
  const { wrapUp } = desk.state;
  if (wrapUp === null) throw new Error('nothing to write up');
  const conversation = wrapUp.caller.conversation;
  await desk.command({ type: 'wrap-up.save', conversation, disposition: 'resolved', note: '' });
  commands.length = 0;
}

async function comeAndLeave({ tell, mint, commands }: BusyFloor): Promise<void> {
  const leg: LegId = mint('lg');
  tell(arrival(leg));
  await settled();
  tell({ type: 'leg.answered', leg, at: now(), token: 'token' });
  tell({ type: 'leg.ended', leg, at: now(), cause: 'hung-up' });
  await settled();
  commands.length = 0;
}
