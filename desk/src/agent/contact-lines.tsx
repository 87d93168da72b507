import { Link } from '@tanstack/react-router';
import { Mic, PhoneIncoming, PhoneMissed, PhoneOff } from 'lucide-react';
import type { ConversationSummary } from '@denwaban/core/wire';
import { cx } from '../kit/cx.js';
import { clockTime, dayKey, dispositionText, shortDate, showNumber, timer, useWords } from '../words/index.js';

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
  const missed = item.end === 'abandoned';
  const failed = item.end === 'refused' || item.end === 'failed';
  const Icon = missed ? PhoneMissed : failed ? PhoneOff : PhoneIncoming;
  const today = dayKey(item.startedAt) === dayKey(Date.now());
  const agents = item.agents.map((agent) => agent.name).join(', ');
  const outcome = item.disposition
    ? dispositionText(item.disposition, t)
    : item.end
      ? t(`end.${item.end}`)
      : t(`conversation-status.${item.status}`);
  const who = item.customer?.name ?? (item.from ? showNumber(item.from) : t('caller.withheld'));
  const title = compact ? outcome : who;
  const rest = compact ? [agents || t('conversations.nobody'), item.toName] : [outcome, agents, item.toName];
  return (
    <li>
      <Link
        to="/conversations/$id"
        params={{ id: item.id }}
        className="-mx-2 flex items-center gap-3 rounded-lg px-2 py-2.5 hover:bg-slate-50"
      >
        <Icon
          size={20}
          aria-hidden="true"
          className={cx('shrink-0', missed || failed ? 'text-rose-700' : 'text-slate-500')}
        />
        <span className="min-w-0 flex-1">
          <span className={cx('block truncate text-base font-bold', (missed || failed) && 'text-rose-700')}>
            {title}
          </span>
          <span className="block truncate text-sm text-slate-600">{rest.filter(Boolean).join(' · ')}</span>
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
    </li>
  );
}
