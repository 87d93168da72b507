import { useQuery } from '@tanstack/react-query';
import { api } from '../link/api.js';
import { Card, CardTitle, Fact } from '../kit/card.js';
import { dayStart, span, useWords } from '../words/index.js';
import { useConnectionView } from './desk-session.js';

/** One's own day in three figures. */
export function TodayCard() {
  const { t, locale } = useWords();
  const me = useConnectionView((view) => view.me?.id);
  const from = dayStart(Date.now());
  const today = useQuery({
    queryKey: ['conversations', 'own', 'today', me, from],
    queryFn: ({ signal }) => api.conversations({ agent: me, from, limit: 200 }, signal),
    enabled: Boolean(me),
  });
  const talks = today.data?.items.filter((item) => item.talkMs > 0) ?? [];
  const talkMs = talks.reduce((sum, item) => sum + item.talkMs, 0);
  return (
    <Card className="p-5">
      <CardTitle>{t('today.title')}</CardTitle>
      <dl className="mt-3 grid grid-cols-3 gap-2">
        <Fact label={t('today.answered')}>{today.data ? t('today.count', { n: talks.length }) : '…'}</Fact>
        <Fact label={t('today.talk')}>{span(talkMs, locale)}</Fact>
        <Fact label={t('today.average')}>{talks.length > 0 ? span(talkMs / talks.length, locale) : '–'}</Fact>
      </dl>
    </Card>
  );
}
