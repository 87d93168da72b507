/** Who called whom, and whether it came about: an icon of its own for each, never without its word. */
import { PhoneCall, PhoneIncoming, PhoneMissed, PhoneOff, PhoneOutgoing, type LucideIcon } from 'lucide-react';
import type { ConversationSummary, Direction } from '@denwaban/core/wire';
import { useWords } from '../words/index.js';

/** The icon of a conversation in a list. */
export function contactIcon({ direction, end }: Pick<ConversationSummary, 'direction' | 'end'>): LucideIcon {
  if (end === null) return PhoneCall;
  if (end === 'abandoned') return PhoneMissed;
  if (end === 'completed') return direction === 'outbound' ? PhoneOutgoing : PhoneIncoming;
  return PhoneOff;
}

export function DirectionMark({ direction }: { direction: Direction }) {
  const { t } = useWords();
  const Icon = direction === 'outbound' ? PhoneOutgoing : PhoneIncoming;
  return (
    <span data-testid="direction" data-direction={direction} className="inline-flex items-center gap-1.5">
      <Icon size={16} aria-hidden="true" className="shrink-0 text-slate-600" />
      {t(`direction.${direction}`)}
    </span>
  );
}
