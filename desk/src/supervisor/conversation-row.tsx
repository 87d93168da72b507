import { Link } from '@tanstack/react-router';
import { AudioLines } from 'lucide-react';
import type { ConversationSummary } from '@denwaban/core/wire';
import { CallButton } from '../agent/call-button.js';
import { causeWord, isMissed } from '../agent/call-out.js';
import { cx } from '../kit/cx.js';
import { contactIcon, DirectionMark } from '../kit/direction.js';
import { clockTime, contactNumber, dayKey, dispositionText, shortDate, timer, useWords } from '../words/index.js';

export const columnsLook =
  'grid grid-cols-[7.5rem_minmax(9rem,1.5fr)_minmax(6rem,0.8fr)_minmax(7rem,1fr)_minmax(8rem,1fr)_4rem_4.5rem_4.5rem_3rem] items-center gap-3 px-5';

interface ConversationRowProps {
  item: ConversationSummary;
  index: number;
  top: number;
  height: number;
}

export function ConversationRow({ item, index, top, height }: ConversationRowProps) {
  const { t, locale } = useWords();
  const number = contactNumber(item, t);
  const today = dayKey(item.startedAt) === dayKey(Date.now());
  const name = item.customer ? t('caller.suffix', { name: item.customer.name }) : number;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-testid="conversation-row"
      data-conversation={item.id}
      className={cx(columnsLook, 'absolute inset-x-0 border-b border-slate-200 hover:bg-indigo-50')}
      style={{ top, height }}
    >
      <span role="cell" className="leading-tight">
        <span className="block text-sm text-slate-600">
          {today ? t('common.today') : shortDate(item.startedAt, locale)}
        </span>
        <span className="block text-base font-semibold">{clockTime(item.startedAt, locale)}</span>
      </span>
      <span role="cell" className="min-w-0 leading-tight">
        <Link
          to="/conversations/$id"
          params={{ id: item.id }}
          // The link's area is the whole row.
          className="block truncate text-base font-bold after:absolute after:inset-0"
        >
          {name}
        </Link>
        <span className="block truncate text-sm text-slate-600">
          {item.customer ? [item.customer.kana, number].filter(Boolean).join(' · ') : t('caller.unknown')}
        </span>
      </span>
      <span role="cell" className="min-w-0 leading-tight">
        <DirectionMark direction={item.direction} />
        <span className="block truncate text-sm text-slate-600">{item.toName}</span>
      </span>
      <span role="cell" className="truncate">
        {(item.agents.map((agent) => agent.name).join(', ') || item.by?.name) ?? (
          <span className="text-slate-600">{t('conversations.nobody')}</span>
        )}
      </span>
      <span role="cell" className="min-w-0">
        <Outcome item={item} />
      </span>
      <span role="cell" className="text-right">
        {timer(item.waitMs)}
      </span>
      <span role="cell" className="text-right font-semibold">
        {timer(item.talkMs)}
      </span>
      <span role="cell" className="flex justify-center text-slate-600">
        {item.hasRecording && (
          <>
            <AudioLines size={18} aria-hidden="true" />
            <span className="sr-only">{t('conversations.has-recording')}</span>
          </>
        )}
      </span>
      <span role="cell" className="flex justify-center">
        {item.customerNumber && (
          // Above the link that covers the row.
          <CallButton
            number={item.customerNumber}
            customer={item.customer}
            back={isMissed(item) && item.direction === 'inbound'}
            className="relative z-1"
          />
        )}
      </span>
    </div>
  );
}

type OutcomeOf = Pick<ConversationSummary, 'direction' | 'end' | 'status' | 'disposition' | 'endCause'>;

/** How it ended, or where it stands: icon and word. */
export function Outcome({ item }: { item: OutcomeOf }) {
  const { t } = useWords();
  const live = item.end === null;
  const bad = item.end !== null && item.end !== 'completed';
  const Icon = contactIcon(item);
  const word = item.end === null ? t(`conversation-status.${item.status}`) : t(`end.${item.end}`);
  return (
    <span
      className={cx(
        'flex items-center gap-2 font-semibold',
        bad ? 'text-rose-700' : live ? 'text-indigo-800' : 'text-slate-900',
      )}
    >
      <Icon size={18} aria-hidden="true" className="shrink-0" />
      <span className="min-w-0 leading-tight">
        <span className="block truncate">{word}</span>
        {item.end === 'unanswered' && (
          <span className="block truncate text-sm font-normal text-slate-600">{t(causeWord(item))}</span>
        )}
        {item.disposition && (
          <span className="block truncate text-sm font-normal text-slate-600">
            {dispositionText(item.disposition, t)}
          </span>
        )}
      </span>
    </span>
  );
}
