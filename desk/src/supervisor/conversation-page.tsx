import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ConversationDetail } from '@denwaban/core/wire';
import { CallButton } from '../agent/call-button.js';
import { isMissed } from '../agent/call-out.js';
import { BackLink } from '../kit/back-link.js';
import { api } from '../link/api.js';
import { Failure } from '../link/failure.js';
import { DirectionMark } from '../kit/direction.js';
import { Loading } from '../kit/loading.js';
import { usePageTitle } from '../kit/title.js';
import { Avatar, Card, CardTitle } from '../kit/card.js';
import {
  contactNumber,
  dispositionText,
  exactTime,
  initial,
  longDate,
  showNumber,
  span,
  useWords,
  type WordKey,
} from '../words/index.js';
import { Outcome } from './conversation-row.js';
import { Lines } from './lines.js';
import { Player } from './player.js';
import { Timeline } from './timeline.js';
import { Trace } from './trace.js';

/** One conversation, whole: what happened when, why it went to whom, what was said and what was noted. */
export function ConversationPage() {
  const { t } = useWords();
  const { id } = useParams({ from: '/signed-in/conversations/$id' });
  const found = useQuery({
    queryKey: ['conversation', id],
    queryFn: ({ signal }) => api.conversation(id, signal),
    // One that is going on changes under the eyes; a closed one does not.
    refetchInterval: ({ state }) => (state.data && state.data.status !== 'closed' ? 2_000 : false),
  });
  usePageTitle(t('conversation.title'));
  return (
    <div className="flex flex-col gap-3">
      <BackLink to="/conversations">{t('conversation.back')}</BackLink>
      <Failure of={found.error} />
      {found.isPending && <Loading />}
      {found.data && <Detail detail={found.data} />}
    </div>
  );
}

function Detail({ detail }: { detail: ConversationDetail }) {
  const { t } = useWords();
  return (
    <>
      <Head detail={detail} />
      <div className="grid items-start gap-3 xl:grid-cols-[minmax(0,1.7fr)_minmax(22rem,1fr)]">
        <div className="flex min-w-0 flex-col gap-3">
          <Card className="p-5">
            <CardTitle aside={<span className="text-sm text-slate-600">{t('conversation.timeline-hint')}</span>}>
              {t('conversation.timeline')}
            </CardTitle>
            <Timeline detail={detail} />
          </Card>
          <Player detail={detail} />
          <Lines detail={detail} />
          <WrapUps detail={detail} />
        </div>
        <Card className="p-5">
          <CardTitle>
            {t(detail.direction === 'outbound' ? 'conversation.trace-outbound' : 'conversation.trace')}
          </CardTitle>
          <Trace detail={detail} />
        </Card>
      </div>
    </>
  );
}

function Head({ detail }: { detail: ConversationDetail }) {
  const { t, locale } = useWords();
  const number = contactNumber(detail, t);
  const name = detail.customer ? t('caller.suffix', { name: detail.customer.name }) : number;
  const calledUs = detail.direction === 'inbound';
  const spans = [
    ['wait', detail.waitMs],
    ['ring', detail.ringMs],
    ['talk', detail.talkMs],
    ['hold', detail.holdMs],
    ['wrap-up', detail.wrapUpMs],
  ] as const;
  return (
    <Card className="p-5">
      <div className="flex flex-wrap items-center gap-4">
        <Avatar letter={initial(detail.customer?.name ?? '#')} />
        <div className="min-w-0 flex-1">
          {detail.customer?.kana && <p className="text-sm text-slate-600">{detail.customer.kana}</p>}
          <h1 className="text-2xl leading-tight font-bold">{name}</h1>
          <p className="flex flex-wrap items-center gap-x-3 text-base text-slate-700">
            <DirectionMark direction={detail.direction} />
            {longDate(detail.startedAt, locale)} {exactTime(detail.startedAt, locale)}
          </p>
        </div>
        {detail.customerNumber && (
          <CallButton
            number={detail.customerNumber}
            customer={detail.customer}
            word
            back={calledUs && isMissed(detail)}
          />
        )}
        <div className="text-lg">
          <Outcome item={detail} />
          {detail.fax && <p className="pl-6.5 text-sm font-semibold">{t('conversation.fax')}</p>}
          {detail.endedBy && detail.end !== 'unanswered' && (
            <p className="pl-6.5 text-sm text-slate-600">{t(`ended-by.${detail.endedBy}`)}</p>
          )}
        </div>
      </div>
      <dl className="mt-4 grid grid-cols-5 gap-2">
        {spans.map(([kind, ms]) => (
          <div key={kind} className="rounded-lg bg-slate-50 px-3 py-2">
            <dt className="text-sm text-slate-600">{t(`conversation.${kind}`)}</dt>
            <dd className="text-xl font-bold">{span(ms, locale)}</dd>
          </div>
        ))}
      </dl>
      <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-1.5">
        <Numbers detail={detail} number={number} />
        <Pair word="conversation.owner">{detail.owner?.name ?? t('caller.no-owner')}</Pair>
        <Pair word="conversation.agents">
          {detail.agents.map((agent) => agent.name).join(', ') || t('conversations.nobody')}
        </Pair>
        <Pair word="conversation.ended">
          {detail.endedAt ? exactTime(detail.endedAt, locale) : t('conversation.still-open')}
        </Pair>
        <Pair word="conversation.id">
          <code className="font-mono text-sm">{detail.id}</code>
        </Pair>
      </dl>
    </Card>
  );
}

/** Whose number was whose: ours stands at the other end when we called. */
function Numbers({ detail, number }: { detail: ConversationDetail; number: string }) {
  const { t } = useWords();
  const named = (ours: string) => (detail.toName ? `${detail.toName}（${showNumber(ours)}）` : showNumber(ours));
  if (detail.direction === 'inbound') {
    return (
      <>
        <Pair word="conversation.from">{number}</Pair>
        <Pair word="conversation.to">{named(detail.to)}</Pair>
      </>
    );
  }
  return (
    <>
      <Pair word="conversation.by">{detail.by?.name ?? t('common.unknown')}</Pair>
      <Pair word="conversation.customer-number">{number}</Pair>
      {detail.from && <Pair word="conversation.called-from">{named(detail.from)}</Pair>}
    </>
  );
}

function Pair({ word, children }: { word: WordKey; children: ReactNode }) {
  const { t } = useWords();
  return (
    <div className="flex items-baseline gap-2">
      <dt className="text-sm text-slate-600">{t(word as 'conversation.from')}</dt>
      <dd className="font-semibold">{children}</dd>
    </div>
  );
}

function WrapUps({ detail }: { detail: ConversationDetail }) {
  const { t, locale } = useWords();
  if (detail.wrapUps.length === 0) return null;
  return (
    <Card className="p-5">
      <CardTitle>{t('conversation.wrap-ups')}</CardTitle>
      <ul className="mt-3 flex flex-col gap-3">
        {detail.wrapUps.map((wrapUp) => (
          <li
            key={`${wrapUp.agent.id} ${wrapUp.startedAt}`}
            className="rounded-xl border-l-4 border-amber-600 bg-amber-50/60 p-4"
          >
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="font-bold">{wrapUp.agent.name}</span>
              <span className="rounded-full bg-white px-3 py-0.5 text-sm font-semibold ring-1 ring-amber-300 ring-inset">
                {wrapUp.disposition ? dispositionText(wrapUp.disposition, t) : t('conversation.no-disposition')}
              </span>
              <span className="ml-auto text-sm text-slate-700">
                {exactTime(wrapUp.endedAt ?? wrapUp.startedAt, locale)} ·{' '}
                {t(wrapUp.because ? `conversation.wrap-up-${wrapUp.because}` : 'conversation.wrap-up-open')}
              </span>
            </p>
            <p className="mt-2 text-base leading-relaxed whitespace-pre-wrap">
              {wrapUp.note || <span className="text-slate-600">{t('conversation.no-note')}</span>}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
