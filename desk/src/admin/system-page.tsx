import { useQuery } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { CircleCheck, CircleHelp, CirclePause, CircleX, type LucideIcon } from 'lucide-react';
import type { SystemView, TrunkView } from '@denwaban/core/wire';
import { api } from '../link/api.js';
import { Card, CardTitle, Empty, Fact } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { Notice } from '../kit/notice.js';
import { Failure } from '../link/failure.js';
import { Loading } from '../kit/loading.js';
import { usePageTitle } from '../kit/title.js';
import { exactTime, longDate, useWords, type WordKey } from '../words/index.js';

type Mark = TrunkView['status'] | 'resting';
type ChipWord = (WordKey & `system.state.${string}`) | 'system.resting';

const marks: Record<Mark, { icon: LucideIcon; look: string }> = {
  up: { icon: CircleCheck, look: 'bg-emerald-50 text-emerald-900 ring-emerald-300' },
  down: { icon: CircleX, look: 'bg-rose-50 text-rose-900 ring-rose-300' },
  resting: { icon: CirclePause, look: 'bg-amber-50 text-amber-900 ring-amber-300' },
  unknown: { icon: CircleHelp, look: 'bg-slate-50 text-slate-700 ring-slate-300' },
};

/** Whether everything works, for whoever keeps it running: parts, trunks, and what they carry now. */
export function SystemPage() {
  const { t } = useWords();
  usePageTitle(t('system.title'));
  const { me } = useRouteContext({ from: '/signed-in' });
  const allowed = me.role !== 'agent';
  const system = useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => api.system(signal),
    refetchInterval: 3_000,
    enabled: allowed,
  });
  if (!allowed) return <Notice look="warning" title={t('system.not-allowed')} />;
  return (
    <div className="flex flex-col gap-3">
      <h1 className="px-1 text-2xl font-bold">{t('system.title')}</h1>
      <Failure of={system.error} />
      {system.isPending && <Loading />}
      {system.data && (
        <>
          <Parts system={system.data} />
          <Trunks trunks={system.data.trunks} />
        </>
      )}
    </div>
  );
}

function Parts({ system }: { system: SystemView }) {
  const { t, locale } = useWords();
  const works = system.status === 'ok';
  const parts: { name: string; mark: Mark }[] = [
    { name: t('system.database'), mark: system.database === 'ok' ? 'up' : 'down' },
    { name: 'SIP', mark: system.sip === 'ok' ? 'up' : 'down' },
    ...system.mediaProcesses.map(({ name, state }) => ({
      name: `${t('system.media')} ${name}`,
      mark: state === 'ok' ? ('up' as const) : ('down' as const),
    })),
  ];
  return (
    <Card className="flex flex-col gap-4 p-5">
      <p
        role="status"
        data-testid="system-status"
        className={cx('text-2xl font-bold', works ? 'text-emerald-800' : 'text-rose-800')}
      >
        {t(works ? 'system.ok' : 'system.degraded')}
      </p>
      <ul className="flex flex-wrap gap-2" aria-label={t('system.parts')}>
        {parts.map(({ name, mark }) => (
          <li key={name}>
            <Chip mark={mark} text={name} word={mark === 'up' ? 'system.state.up' : 'system.state.down'} />
          </li>
        ))}
      </ul>
      <dl className="grid grid-cols-2 gap-2 lg:grid-cols-5">
        <Fact label={t('system.callers')}>{system.callers}</Fact>
        <Fact label={t('system.lines')}>
          {system.linesProven} / {system.lines}
        </Fact>
        <Fact label={t('system.recordings')}>{system.recordings}</Fact>
        <Fact label={t('system.version')}>{system.version}</Fact>
        <Fact label={t('system.started')}>
          {longDate(system.startedAt, locale)} {exactTime(system.startedAt, locale)}
        </Fact>
      </dl>
    </Card>
  );
}

const columns = ['name', 'state', 'registration', 'reachable', 'because'] as const;

function Trunks({ trunks }: { trunks: readonly TrunkView[] }) {
  const { t } = useWords();
  return (
    <Card className="overflow-x-auto p-5">
      <CardTitle aside={<code className="text-sm text-slate-600">npm run trunk -- doctor</code>}>
        {t('system.trunks')}
      </CardTitle>
      {trunks.length === 0 ? (
        <Empty title={t('system.no-trunk')} hint={t('system.no-trunk-hint')} />
      ) : (
        <table className="mt-2 w-full text-left">
          <thead className="border-b border-slate-300 text-sm text-slate-600">
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" className="py-2 pr-4 font-semibold">
                  {t(`system.trunk.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {trunks.map((trunk) => (
              <tr key={trunk.id} data-testid="trunk-row" className="border-b border-slate-200 last:border-0">
                <th scope="row" className="py-3 pr-4 font-bold">
                  {trunk.name} <span className="block font-mono text-sm font-normal text-slate-600">{trunk.id}</span>
                </th>
                <td className="py-3 pr-4">
                  <span className="flex flex-wrap gap-1">
                    <Chip mark={trunk.status} word={`system.state.${trunk.status}`} />
                    {trunk.resting && <Chip mark="resting" word="system.resting" />}
                  </span>
                </td>
                <td className="py-3 pr-4">
                  {t(trunk.registration === null ? 'system.none' : `system.registration.${trunk.registration}`)}
                </td>
                <td className="py-3 pr-4">
                  {t(trunk.reachable === null ? 'system.nobody-asks' : `system.state.${trunk.reachable}`)}
                </td>
                <td className="py-3">
                  {trunk.because}
                  {trunk.resting && <Resting {...trunk.resting} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Resting({ since, until, status }: NonNullable<TrunkView['resting']>) {
  const { t, locale } = useWords();
  const span = { since: exactTime(since, locale), until: exactTime(until, locale) };
  return (
    <span className="block text-sm text-slate-700" data-testid="trunk-resting">
      {status === null ? t('system.resting.silent', span) : t('system.resting.refused', { ...span, status })}
    </span>
  );
}

function Chip({ mark, word, text }: { mark: Mark; word: ChipWord; text?: string }) {
  const { t } = useWords();
  const { icon: Icon, look } = marks[mark];
  return (
    <span
      className={cx(
        'inline-flex min-h-8 items-center gap-1.5 rounded-full px-3 text-sm font-bold whitespace-nowrap ring-1 ring-inset',
        look,
      )}
    >
      <Icon size={16} aria-hidden="true" />
      {text} {t(word)}
    </span>
  );
}
