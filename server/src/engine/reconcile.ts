/** Start-up: what outlived the process before this one goes on, the rest gets a stated end. [CNV9] [CNV12] */
import { type ConversationId, type EpochMs, type Journal, type RestoredLeg, knownLeg } from '@denwaban/core';
import type { Engine, EngineOptions } from './engine.js';
import { noDesk } from './roster.js';

/** How long an agent whose call outlived us may stay away: every desk has to find its way back first. */
const returnGraceMs = 15_000;

export async function reconcile(
  engine: Engine,
  journal: Journal,
  recoverRecording: EngineOptions['recoverRecording'],
): Promise<void> {
  const { conversations, roster, telephony, clock, log } = engine;
  const found = await journal.open();
  for (const record of found) conversations.adopt(record);
  const living = await telephony.restore(found.flatMap((record) => knownLeg(record) ?? []));
  for (const { id, customerLeg: leg, talking, ended } of found) {
    const restored = living.get(leg);
    if (restored === undefined) {
      await engine.give(id, { type: 'process-died' }).durable;
      recover(id);
    } else if (ended !== null) {
      // The record says that it is over, and nobody came to tell the customer's phone.
      telephony.carryOut({ type: 'hang-up', leg, cause: 'normal' });
    } else {
      const agent = talking === null ? null : roster.get(talking.agent);
      if (agent !== null) agent.backBy = (clock.now() + returnGraceMs) as EpochMs;
      if (restored.line !== null) takeUpLine(restored.line);
      await engine.give(id, { type: 'process-replaced' }).durable;
    }
  }
  log.info({ open: found.length, living: living.size }, 'conversations of the process before this one');

  /** The agent talks on though their desk is not back yet: the line that carries it is theirs until a desk claims it. */
  function takeUpLine({ id, agent: whose, proven }: NonNullable<RestoredLeg['line']>): void {
    const agent = roster.get(whose);
    if (agent !== null) agent.line = { id, desk: noDesk, proven };
  }
  function recover(id: ConversationId): void {
    const recording = conversations.get(id)?.recording ?? null;
    if (recording === null || recording.path !== null) return;
    // The media process may still be finishing the file and tell us by itself; else we take what is on disk.
    clock.wakeAt((clock.now() + 5_000) as EpochMs, () => {
      if (conversations.byRecording(recording.id)?.recording?.path !== null) return;
      recoverRecording(recording.id)
        .then((file) => file && engine.give(id, { type: 'recording-finished', recording: recording.id, ...file }))
        .catch((err: unknown) => log.error({ recording: recording.id, err }, 'a recording could not be recovered'));
    });
  }
}
