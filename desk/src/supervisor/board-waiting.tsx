import { Hourglass } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { Ticking } from '../kit/ticker.js';
import { showNumber, timer, useWords } from '../words/index.js';
import type { BoardStore } from './board-store.js';

const shownMax = 12;

/** Who is waiting now, the longest first. */
export function BoardWaiting({ board }: { board: BoardStore }) {
  const { t } = useWords();
  const { waiting } = useSyncExternalStore(board.subscribeSummary, board.summary);
  if (waiting.length === 0) {
    return (
      <section aria-label={t('board.waiting')}>
        <p className="flex items-center gap-2 rounded-2xl bg-white px-4 py-3 text-base text-slate-700 shadow-card">
          <Hourglass size={20} aria-hidden="true" className="text-slate-500" />
          {t('board.nobody-waiting')}
        </p>
      </section>
    );
  }
  const sorted = waiting.toSorted((a, b) => a.since - b.since);
  return (
    <section aria-label={t('board.waiting')} className="rounded-2xl border-2 border-amber-500 bg-amber-50 px-4 py-3">
      <h2 className="flex items-baseline gap-3 text-lg font-bold text-amber-950">
        <Hourglass size={20} aria-hidden="true" className="self-center" />
        {t('board.waiting')}
        <span data-testid="waiting-count" className="text-3xl text-rose-700">
          {waiting.length}
        </span>
      </h2>
      <ul className="mt-2 flex flex-wrap gap-2">
        {sorted.slice(0, shownMax).map((one) => (
          <li
            key={one.conversation}
            className="flex items-center gap-3 rounded-lg bg-white px-3 py-1.5 ring-1 ring-amber-300 ring-inset"
          >
            <span className="font-bold">
              {one.name
                ? t('caller.suffix', { name: one.name })
                : one.number
                  ? showNumber(one.number)
                  : t('caller.withheld')}
            </span>
            <span className="text-sm text-slate-600">{one.toName}</span>
            <Ticking className="text-lg font-bold text-rose-700" text={(now) => timer(now - one.since)} />
          </li>
        ))}
        {sorted.length > shownMax && <li className="self-center font-bold">+{sorted.length - shownMax}</li>}
      </ul>
    </section>
  );
}
