import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { StickyNote } from 'lucide-react';
import type { ConversationSummary } from '@denwaban/core/wire';
import { api } from '../link/api.js';
import { Card, CardTitle } from '../kit/card.js';
import { dispositionText, shortDate, useWords } from '../words/index.js';

/** What was written down the last time: mostly why they call now. Draws nothing when nobody wrote anything. */
export function LastNote({ items }: { items: readonly ConversationSummary[] | null }) {
  const { t, locale } = useWords();
  const last = items?.find((item) => item.agents.length > 0);
  const detail = useQuery({
    queryKey: ['conversation', last?.id],
    queryFn: ({ signal }) => api.conversation(last?.id ?? '', signal),
    enabled: Boolean(last),
    staleTime: 30_000,
  });
  const noted = detail.data?.wrapUps.filter((wrapUp) => wrapUp.note);
  if (!last || !noted || noted.length === 0) return null;
  return (
    <Card className="p-5">
      <CardTitle
        aside={
          <Link
            to="/conversations/$id"
            params={{ id: last.id }}
            className="text-sm font-semibold text-indigo-700 underline-offset-2 hover:underline"
          >
            {t('history.open')}
          </Link>
        }
      >
        <span className="flex items-center gap-2">
          <StickyNote size={18} aria-hidden="true" className="text-amber-700" />
          {t('history.last-note')}
          <span className="text-sm font-normal text-slate-600">{shortDate(last.startedAt, locale)}</span>
        </span>
      </CardTitle>
      {noted.map((wrapUp) => (
        <div key={wrapUp.startedAt} className="mt-3 rounded-xl border-l-4 border-amber-600 bg-amber-50/60 px-4 py-3">
          <p className="text-sm text-slate-700">
            {[wrapUp.agent.name, wrapUp.disposition && dispositionText(wrapUp.disposition, t)]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <p className="mt-1 line-clamp-6 text-base leading-relaxed whitespace-pre-wrap">{wrapUp.note}</p>
        </div>
      ))}
    </Card>
  );
}
