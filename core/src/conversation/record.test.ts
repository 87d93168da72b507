import { expect, test } from 'vitest';
import {
  type AgentId,
  type ConversationId,
  type CustomerId,
  type E164,
  epochMs,
  type LegId,
  type RecordingId,
  type TeamId,
  type TrunkId,
} from '../ids.js';
import type { Conversation } from './conversation.js';
import { copyOf } from './record.js';

test('a copy has all that the record has', () => {
  const agent = 'ag_anna' as AgentId;
  // Required: whoever adds something to the record adds it here, or this does not compile.
  const full: Required<Conversation> = {
    id: 'cv_1' as ConversationId,
    seq: 2,
    status: 'talking',
    channel: 'voice',
    startedAt: epochMs(1),
    carrier: 'exchange',
    trunk: 'tk_1' as TrunkId,
    direction: 'outbound',
    by: agent,
    from: '+81312345678' as E164,
    fromRaw: '0312345678',
    to: '+81345670000' as E164,
    toName: 'Main',
    customerLeg: 'lg_1' as LegId,
    ringingAt: epochMs(2),
    answeredAt: epochMs(3),
    legToken: 'word',
    customer: { id: 'cu_1' as CustomerId, name: '山田 太郎', kana: null },
    owner: agent,
    team: 'tm_1' as TeamId,
    identified: 'known',
    step: 1,
    stepStartedAt: epochMs(4),
    waitingSince: epochMs(5),
    offers: [],
    talking: { agent, leg: 'lg_2' as LegId, reservation: null, joined: true, startedAt: epochMs(6), heldSince: null },
    segments: [{ kind: 'talk', agent, startedAt: epochMs(6), endedAt: null }],
    trace: [],
    wrapUps: [],
    recording: { id: 'rc_1' as RecordingId, startedAt: epochMs(6), path: null, durationMs: null, bytes: null },
    faxAt: epochMs(7),
    lines: [],
    ended: { at: epochMs(8), end: 'completed', by: 'agent', cause: 'normal' },
    closedAt: epochMs(9),
  };
  expect(copyOf(full)).toEqual(full);
});
