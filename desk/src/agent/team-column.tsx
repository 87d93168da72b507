import { LayoutGrid } from 'lucide-react';
import type { AgentView } from '@denwaban/core/wire';
import { buttonLook } from '../kit/button.js';
import { Card, CardTitle } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { StateChip, stateOrder } from '../kit/state-chip.js';
import { stateLook } from '../kit/state-look.js';
import { Ticking } from '../kit/ticker.js';
import { timer, useWords } from '../words/index.js';
import { useConnectionView } from './desk-session.js';

/** So many of one's own team, and of the others together; more is what the board is for. */
const mineMax = 40;
const othersMax = 24;

const rank = (agent: AgentView) => stateOrder.indexOf(agent.presence.state);

/** A look at the colleagues, told of by the server when somebody changes. Everybody, by the moment, is the board: in a process of its own. */
export function TeamColumn() {
  const { t } = useWords();
  const me = useConnectionView((view) => view.me);
  const colleagues = useConnectionView((view) => view.colleagues);
  const everybody = (colleagues?.agents ?? []).toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const team = me?.team;
  const mine = everybody.filter((agent) => agent.team?.id === team?.id && agent.id !== me?.id);
  const others = everybody.filter(
    (agent) => agent.team && agent.team.id !== team?.id && agent.presence.state !== 'offline',
  );
  const teams = [...new Map(others.map((agent) => [agent.team?.id, agent.team?.name])).entries()];
  const shown = new Set(others.slice(0, othersMax));
  return (
    <Card className="min-w-0 p-5 lg:col-span-2 xl:col-span-1">
      <CardTitle aside={<span className="text-sm text-slate-600">{t('common.people', { n: everybody.length })}</span>}>
        {t('team.title')}
      </CardTitle>
      <div className="mt-3 flex flex-wrap gap-1.5">
        {stateOrder.map((state) => {
          const count = everybody.filter((agent) => agent.presence.state === state).length;
          return count > 0 && state !== 'offline' && <StateChip key={state} state={state} count={count} />;
        })}
      </div>
      {team && <Group name={team.name} agents={mine.slice(0, mineMax)} />}
      {teams.map(([id, name]) => (
        <Group
          key={id}
          name={name ?? ''}
          agents={others.filter((agent) => agent.team?.id === id && shown.has(agent))}
        />
      ))}
      <a href="/board" target="_blank" rel="noopener" className={buttonLook('quiet', 'medium', 'mt-4 w-full')}>
        <LayoutGrid size={18} aria-hidden="true" />
        {t('team.open-board')}
        <span className="sr-only">（{t('nav.new-tab')}）</span>
      </a>
    </Card>
  );
}

function Group({ name, agents }: { name: string; agents: readonly AgentView[] }) {
  if (agents.length === 0) return null;
  return (
    <>
      <h3 className="mt-4 mb-1.5 text-sm font-bold text-slate-600">{name}</h3>
      <ul className="grid grid-cols-1 gap-1.5">
        {agents.map((agent) => (
          <TeamTile key={agent.id} agent={agent} />
        ))}
      </ul>
    </>
  );
}

function TeamTile({ agent }: { agent: AgentView }) {
  const { t } = useWords();
  const { presence } = agent;
  const look = stateLook(presence);
  const Icon = look.icon;
  return (
    <li
      data-testid="colleague"
      data-agent={agent.name}
      data-state={presence.state}
      className={cx('flex min-h-10 items-center gap-2.5 rounded-lg border-l-4 pr-2.5 pl-2', look.tint)}
    >
      <Icon size={18} aria-hidden="true" className="shrink-0" />
      <span className="min-w-0 flex-1 truncate text-base leading-snug font-semibold">{agent.name}</span>
      <span className="shrink-0 text-sm">
        {presence.state === 'away' && presence.reason ? t(`reason.${presence.reason}`) : t(`state.${presence.state}`)}
      </span>
      {presence.state !== 'offline' && (
        <Ticking className="w-13 shrink-0 text-right text-sm" text={(now) => timer(now - presence.since)} />
      )}
    </li>
  );
}
