import { useNavigate, useRouteContext } from '@tanstack/react-router';
import { Radio, RefreshCw, Search } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { PresenceState } from '@denwaban/core/wire';
import { openSocket, sessionHolds } from '../link/live.js';
import { DeskConnection, type ConnectionView } from '../agent/desk-connection.js';
import { thisBuild } from '../link/build.js';
import { LanguageSwitch } from '../kit/language-switch.js';
import { ProductMark } from '../kit/product-mark.js';
import { useReload } from '../link/use-reload.js';
import { Loading } from '../kit/loading.js';
import { usePageTitle } from '../kit/title.js';
import { cx } from '../kit/cx.js';
import { inputLook } from '../kit/field.js';
import { stateOrder } from '../kit/state-chip.js';
import { stateLook } from '../kit/state-look.js';
import { steadyTimers } from '../kit/steady-timers.js';
import { Store, useView } from '../kit/store.js';
import { setSkew } from '../kit/server-clock.js';
import { useWords } from '../words/index.js';
import { BoardGrid } from './board-grid.js';
import { BoardStore } from './board-store.js';
import { BoardWaiting } from './board-waiting.js';

interface Live {
  board: BoardStore;
  connection: DeskConnection;
}

/** Everybody, live, in a page and a process of its own: whatever it costs, the phone does not pay for it. */
export function BoardPage() {
  const { t } = useWords();
  usePageTitle(t('board.title'));
  const live = useLive();
  return live ? <Board live={live} /> : <Loading />;
}

function useLive(): Live | null {
  const [live, setLive] = useState<Live | null>(null);
  useEffect(() => {
    const board = new BoardStore();
    const connection = new DeskConnection({
      page: 'board',
      build: thisBuild(),
      connect: () => openSocket('/api/v1/live'),
      timers: steadyTimers(),
      now: () => Date.now(),
      sessionHolds,
    });
    connection.listen((message) => {
      if (message.type !== 'board') return;
      setSkew(message.now - Date.now());
      board.take(message);
    });
    connection.start();
    setLive({ board, connection });
    return () => connection.stop();
  }, []);
  return live;
}

function Board({ live: { board, connection } }: { live: Live }) {
  const { t } = useWords();
  const { me } = useRouteContext({ from: '/board' });
  const [state, setState] = useState<PresenceState | null>(null);
  const [name, setName] = useState('');
  useSessionEnd(connection.store);
  useReload(connection.store, true);
  return (
    <div className="flex min-h-dvh flex-col gap-3 p-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-2xl bg-white px-4 py-2.5 shadow-card">
        <ProductMark />
        <h1 className="text-xl font-bold">{t('board.title')}</h1>
        <StateFilter board={board} chosen={state} onChoose={setState} />
        <div className="relative min-w-44 flex-1">
          <Search
            size={18}
            aria-hidden="true"
            className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-slate-500"
          />
          <input
            type="search"
            aria-label={t('board.search')}
            placeholder={t('board.search')}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className={cx(inputLook, 'pl-10')}
          />
        </div>
        <Freshness store={connection.store} />
        <LanguageSwitch />
      </header>
      <BoardWaiting board={board} />
      <main className="flex-1">
        <BoardGrid board={board} filter={{ state, name, ownTeam: me.team?.id ?? null }} />
      </main>
    </div>
  );
}

interface StateFilterProps {
  board: BoardStore;
  chosen: PresenceState | null;
  onChoose(state: PresenceState | null): void;
}

/** How many are in each state; a press shows only those. */
function StateFilter({ board, chosen, onChoose }: StateFilterProps) {
  const { t } = useWords();
  const { counts, people } = useSyncExternalStore(board.subscribeSummary, board.summary);
  return (
    <div role="group" aria-label={t('board.filter')} className="flex flex-wrap gap-1.5">
      <button
        type="button"
        aria-pressed={chosen === null}
        onClick={() => onChoose(null)}
        className={cx(
          'min-h-9 rounded-full px-3.5 text-base font-bold',
          chosen === null ? 'bg-slate-900 text-white' : 'bg-slate-200 text-slate-800',
        )}
      >
        {t('board.filter-all')} {people}
      </button>
      {stateOrder.map((state) => {
        const look = stateLook({ state, reason: null });
        const Icon = look.icon;
        return (
          <button
            key={state}
            type="button"
            aria-pressed={chosen === state}
            onClick={() => onChoose(chosen === state ? null : state)}
            className={cx(
              'flex min-h-9 items-center gap-1.5 rounded-full px-3.5 text-base font-bold whitespace-nowrap',
              look.strong,
              chosen !== null && chosen !== state && 'opacity-60 saturate-50',
              chosen === state && 'ring-3 ring-slate-900 ring-offset-2',
            )}
          >
            <Icon size={16} aria-hidden="true" />
            {t(`state.${state}`)} {counts[state]}
          </button>
        );
      })}
    </div>
  );
}

function Freshness({ store }: { store: Store<ConnectionView> }) {
  const { t } = useWords();
  const open = useView(store, (view) => view.link === 'open');
  return (
    <span
      role="status"
      className={cx(
        'flex items-center gap-1.5 font-semibold whitespace-nowrap',
        open ? 'text-emerald-800' : 'text-amber-800',
      )}
    >
      {open ? <Radio size={18} aria-hidden="true" /> : <RefreshCw size={18} aria-hidden="true" />}
      {t(open ? 'board.connected' : 'board.reconnecting')}
    </span>
  );
}

function useSessionEnd(store: Store<ConnectionView>) {
  const navigate = useNavigate();
  const signedOut = useView(store, (view) => view.signedOut);
  useEffect(() => {
    if (signedOut) void navigate({ to: '/sign-in', search: { ended: true } });
  }, [signedOut, navigate]);
}
