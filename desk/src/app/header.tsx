import { useQuery } from '@tanstack/react-query';
import { Mic, MicOff, MonitorCheck, Signal, SignalLow, Unplug } from 'lucide-react';
import { CustomerSearch } from '../agent/customer-search.js';
import { useConnectionView, useDeskState, useLineView } from '../agent/desk-session.js';
import { cx } from '../kit/cx.js';
import { useWords } from '../words/index.js';
import { api } from '../link/api.js';
import { thisVersion } from '../link/build.js';
import { ShortcutSheet } from './shortcut-sheet.js';

/** Above every screen: find somebody, and whether line, microphone and version are as they should be. */
export function Header() {
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-2xl bg-white px-3 py-2 shadow-card">
      <CustomerSearch />
      <LineHealth />
      <Microphone />
      <Version />
      <ShortcutSheet />
    </header>
  );
}

function LineHealth() {
  const { t } = useWords();
  const line = useDeskState()?.line ?? 'none';
  const figures = useLineView((view) => view.figures);
  const look = {
    proven: { icon: <Signal size={18} />, tone: 'bg-emerald-50 text-emerald-900' },
    opening: { icon: <SignalLow size={18} />, tone: 'bg-amber-50 text-amber-900' },
    none: { icon: <Unplug size={18} />, tone: 'bg-slate-100 text-slate-700' },
  }[line];
  return (
    <div
      role="status"
      data-testid="line"
      data-line={line}
      className={cx('flex min-h-10 items-center gap-2 rounded-lg px-3 font-bold whitespace-nowrap', look.tone)}
    >
      <span aria-hidden="true">{look.icon}</span>
      {t(`line.${line}`)}
      {line === 'proven' && figures?.rttMs != null && (
        <span className="text-sm font-normal" aria-hidden="true">
          {figures.lossPercent === null
            ? t('line.figures', { rtt: figures.rttMs })
            : t('line.figures-loss', { rtt: figures.rttMs, loss: figures.lossPercent })}
        </span>
      )}
      {line === 'proven' && figures?.relay != null && (
        <span className="text-sm font-normal" data-testid="line-relay" data-relay={figures.relay}>
          {t('line.by-relay')}
        </span>
      )}
    </div>
  );
}

function Microphone() {
  const { t } = useWords();
  const microphone = useLineView((view) => view.microphone);
  const muted = useLineView((view) => view.muted);
  const open = useLineView((view) => view.phase !== 'closed');
  const name = open ? (microphone ?? t('microphone.default')) : t('microphone.none');
  return (
    <div
      title={`${t('microphone.title')}: ${name}`}
      className="flex min-h-10 max-w-52 items-center gap-2 rounded-lg bg-slate-100 px-3 text-sm text-slate-800"
    >
      <span className="shrink-0" aria-hidden="true">
        {muted || !open ? <MicOff size={18} /> : <Mic size={18} />}
      </span>
      <span className="truncate">{name}</span>
    </div>
  );
}

function Version() {
  const { t } = useWords();
  const health = useQuery({ queryKey: ['health'], queryFn: ({ signal }) => api.health(signal), staleTime: 60_000 });
  const build = useConnectionView((view) => view.serverBuild);
  const outdated = useConnectionView((view) => view.outdated);
  if (!health.data) return null;
  const [mine, theirs] = [thisVersion(), health.data.version];
  const same = mine === theirs && !outdated;
  return (
    <span
      title={build ?? undefined}
      className={cx(
        'flex items-center gap-1 text-sm whitespace-nowrap',
        same ? 'text-slate-600' : 'font-bold text-amber-800',
      )}
    >
      <MonitorCheck size={16} aria-hidden="true" />
      {same ? t('version.same', { version: mine }) : t('version.different', { mine, theirs })}
    </span>
  );
}
