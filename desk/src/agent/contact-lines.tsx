import { Link } from '@tanstack/react-router';
import { Mic } from 'lucide-react';
import type { ConversationSummary } from '@denwaban/core/wire';
import { cx } from '../kit/cx.js';
import { contactIcon } from '../kit/direction.js';
import { clockTime, dayKey, contactNumber, dispositionText, shortDate, timer, useWords } from '../words/index.js';
import { CallButton } from './call-button.js';
import { causeWord, isMissed } from './call-out.js';

interface ContactLinesProps {
  items: readonly ConversationSummary[];
  /** Without the customer's name: all lines are of the same customer. */
  compact?: boolean;
}

/** Conversations as lines to look over: when, with whom, how it ended. */
export function ContactLines({ items, compact = false }: ContactLinesProps) {
  return (
    <ul className="divide-y divide-slate-200">
      {items.map((item) => (
        <ContactLine key={item.id} item={item} compact={compact} />
      ))}
    </ul>
  );
}

function ContactLine({ item, compact }: { item: ConversationSummary; compact: boolean }) {
  const { t, locale } = useWords();
  const missed = isMissed(item);
  const Icon = contactIcon(item);
  const today = dayKey(item.startedAt) === dayKey(Date.now());
  const agents = item.agents.map((agent) => agent.name).join(', ');
  const outcome = item.disposition
    ? dispositionText(item.disposition, t)
    : item.end
      ? t(item.end === 'unanswered' ? causeWord(item) : `end.${item.end}`)
      : t(`conversation-status.${item.status}`);
  const who = item.customer?.name ?? contactNumber(item, t);
  const title = compact ? outcome : who;
  const direction = t(`direction.${item.direction}`);
  const people = agents || item.by?.name;
  const rest = compact
    ? [direction, people ?? t('conversations.nobody'), item.toName]
    : [direction, outcome, people, item.toName];
  return (
    <li className="flex items-center gap-2">
      <Link
        to="/conversations/$id"
        params={{ id: item.id }}
        className="-ml-2 flex min-w-0 flex-1 items-center gap-3 rounded-lg px-2 py-2.5 hover:bg-slate-50"
      >
        <Icon size={20} aria-hidden="true" className={cx('shrink-0', missed ? 'text-rose-700' : 'text-slate-500')} />
        <span className="min-w-0 flex-1">
          <span className={cx('block truncate text-base font-bold', missed && 'text-rose-700')}>{title}</span>
          <span className="line-clamp-2 text-sm leading-snug text-slate-600">{rest.filter(Boolean).join(' · ')}</span>
        </span>
        {item.hasRecording && (
          <span className="text-slate-500">
            <Mic size={16} aria-hidden="true" />
            <span className="sr-only">{t('conversations.has-recording')}</span>
          </span>
        )}
        <span className="shrink-0 text-right text-sm">
          <span className="block font-semibold">
            {today ? clockTime(item.startedAt, locale) : shortDate(item.startedAt, locale)}
          </span>
          <span className="block text-slate-600">{timer(item.talkMs)}</span>
        </span>
      </Link>
      {item.customerNumber && (
        <CallButton
          number={item.customerNumber}
          customer={item.customer}
          back={missed && item.direction === 'inbound'}
        />
      )}
    </li>
  );
}
