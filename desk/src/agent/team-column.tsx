import { useQuery } from '@tanstack/react-query';
import { LayoutGrid } from 'lucide-react';
import type { AgentView, PresenceState } from '@denwaban/core/wire';
import { api } from '../app/api.js';
import { buttonLook } from '../kit/button.js';
import { Card, CardTitle } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { stateLook } from '../kit/state-look.js';
import { Ticking } from '../kit/ticker.js';
import { timer, useWords } from '../words/index.js';
import { useConnectionView } from './desk-session.js';

const order: PresenceState[] = ['available', 'offered', 'talking', 'wrap-up', 'connecting', 'away', 'offline'];
/** A look at a few colleagues, asked for now and then. Everybody, live, is the board: in a process of its own. */
const everyMs = 5_000;

export function TeamColumn() {
  const { t } = useWords();
  const me = useConnectionView((view) => view.me);
  const agents = useQuery({
    queryKey: ['agents'],
    queryFn: ({ signal }) => api.agents(signal),
    refetchInterval: everyMs,
    staleTime: 2_000,
  });
  const team = me?.team;
  const mine = (agents.data?.items ?? [])
    .filter((agent) => agent.team?.id === team?.id && agent.id !== me?.id)
    .toSorted((a, b) => order.indexOf(a.presence.state) - order.indexOf(b.presence.state) || a.name.localeCompare(b.name));
  return (
    <Card className="min-w-0 p-5 lg:col-span-2 xl:col-span-1">
      <CardTitle
        aside={<span className="text-sm text-slate-600">{t('common.people', { n: mine.length })}</span>}
      >
        {team ? t('team.of', { team: team.name }) : t('team.title')}
      </CardTitle>
      {!team && <p className="mt-3 text-slate-600">{t('team.none')}</p>}
      <ul className="mt-3 grid grid-cols-1 gap-1.5">
        {mine.map((agent) => (
          <TeamTile key={agent.id} agent={agent} />
        ))}
      </ul>
      <a href="/board" target="_blank" rel="noopener" className={buttonLook('quiet', 'medium', 'mt-4 w-full')}>
        <LayoutGrid size={18} aria-hidden="true" />
        {t('team.open-board')}
        <span className="sr-only">（{t('nav.new-tab')}）</span>
      </a>
    </Card>
  );
}

function TeamTile({ agent }: { agent: AgentView }) {
  const { t } = useWords();
  const { presence } = agent;
  const look = stateLook(presence);
  const Icon = look.icon;
  return (
    <li className={cx('flex min-h-12 items-center gap-3 rounded-lg border-l-4 px-3', look.tint)}>
      <Icon size={20} aria-hidden="true" className="shrink-0" />
      <span className="min-w-0 flex-1 truncate text-base font-semibold">{agent.name}</span>
      <span className="shrink-0 text-sm">
        {presence.state === 'away' && presence.reason ? t(`reason.${presence.reason}`) : t(`state.${presence.state}`)}
      </span>
      {presence.state !== 'offline' && (
        <Ticking className="w-14 shrink-0 text-right text-sm" text={(now) => timer(now - presence.since)} />
      )}
    </li>
  );
}
