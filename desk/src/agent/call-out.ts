/** Calling out, as far as it can be decided without asking anybody: whether one may, what was typed, what became of a call. Pure. */
import type { CallerView, ConversationSummary, DeskState } from '@denwaban/core/wire';
import { plainDigits, showNumber, type WordKey } from '../words/index.js';
import type { ConnectionView } from './desk-connection.js';
import type { PhoneView } from './phone.js';
import type { LineView } from './warm-line.js';

export type NotNow =
  | 'server-lost'
  | 'elsewhere'
  | 'engaged'
  | 'wrap-up'
  | 'microphone'
  | 'proving'
  | 'opening'
  | 'placing';

interface Standing {
  link: ConnectionView['link'];
  desk: DeskState | null;
  place: PhoneView['place'];
  /** A call out that is being asked for already. */
  asked: 'opening' | 'placing' | null;
  problem: LineView['problem'];
}

/** Why this person cannot call anybody now, the first thing to mend first; null: they can. */
export function whyNotCall({ link, desk, place, asked, problem }: Standing): NotNow | null {
  if (link !== 'open' || !desk) return 'server-lost';
  if (desk.call || desk.offer) return 'engaged';
  if (place !== 'here') return 'elsewhere';
  if (desk.wrapUp) return 'wrap-up';
  if (asked) return asked;
  // Who is away has no line: it is opened for the call, and the microphone is asked for anew.
  if (desk.line === 'proven' || desk.presence.says === 'away') return null;
  return problem ? 'microphone' : 'proving';
}

/**
 * What somebody typed or pasted, in any form: full-width, with hyphens, brackets, spaces, or as a `tel:` link.
 *
 * Whether the number may be called, and what it is in E.164, the server says. Here it is only told from what is clearly none.
 * @returns what is sent and how it is shown; null while it is no number
 */
export function readDialled(written: string): { number: string; shown: string } | null {
  const plain = plainDigits(written)
    .trim()
    .replace(/^(tel|callto|sip):(\/\/)?/i, '')
    .replace(/^(\+\d+)\s*\(0\)/, '$1'); // +81 (0)3-…: the 0 is for those who dial from within the country
  const [dialled = ''] = plain.split(/[;?@]/);
  if (!/^[+\d][\d\s().,/·・-]*$/.test(dialled)) return null;
  const digits = dialled.replace(/\D/g, '');
  if (digits.length < 3 || digits.length > 15) return null;
  if (dialled.startsWith('+')) return { number: `+${digits}`, shown: showNumber(`+${digits}`) };
  const national = /^0[1-9]\d{8,9}$/.test(digits);
  return { number: digits, shown: national ? showNumber(`+81${digits.slice(1)}`) : digits };
}

/** A call of ours that was ringing and is over, without an answer. */
export function endedUnanswered(before: DeskState | null, after: DeskState | null): CallerView | null {
  const call = before?.call;
  if (!call || !after || (call.state !== 'calling' && call.state !== 'ringing')) return null;
  const { conversation } = call.caller;
  const goesOn = after.call?.caller.conversation === conversation || after.wrapUp?.caller.conversation === conversation;
  return goesOn ? null : call.caller;
}

const causes = {
  busy: 'call-out.cause.busy',
  'no-answer': 'call-out.cause.no-answer',
  declined: 'call-out.cause.declined',
  'unknown-number': 'call-out.cause.unknown-number',
  unreachable: 'call-out.cause.unreachable',
  'hung-up': 'call-out.cause.hung-up',
  normal: 'call-out.cause.cancelled', // nobody but the agent ends an unanswered call in order
  failed: 'call-out.cause.failed',
  'media-lost': 'call-out.cause.media-lost',
  'agent-lost': 'call-out.cause.agent-lost',
  'process-died': 'call-out.cause.process-died',
} as const satisfies Record<string, WordKey>;

/** Why nobody answered, as a word's key. */
export function causeWord({ endCause }: Pick<ConversationSummary, 'endCause'>) {
  return endCause !== null && Object.hasOwn(causes, endCause)
    ? causes[endCause as keyof typeof causes]
    : 'call-out.cause.other';
}

/** A customer whom nobody has talked with: somebody should call them back. */
export function isMissed({ end, agents }: Pick<ConversationSummary, 'end' | 'agents'>): boolean {
  return agents.length === 0 && (end === 'abandoned' || end === 'unanswered' || end === 'failed' || end === 'refused');
}
