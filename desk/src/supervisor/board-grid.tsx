import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { SearchX } from 'lucide-react';
import {
  memo,
  useCallback,
  useDeferredValue,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { Card, Empty } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { stateLook } from '../kit/state-look.js';
import { Ticking } from '../kit/ticker.js';
import { timer, useWords } from '../words/index.js';
import { boardRows, type BoardFilter } from './board-rows.js';
import type { BoardStore } from './board-store.js';

/** Smaller and names no longer fit; smaller text and nobody reads it from a chair. */
const tilePxMin = 208;
const tilePx = 56;
const headPx = 48;
const gapPx = 8;

/** Everybody as tiles by team. Only the rows on the screen are in the page, and each tile hears only of its own person. */
export function BoardGrid({ board, filter }: { board: BoardStore; filter: BoardFilter }) {
  const { t } = useWords();
  const agents = useSyncExternalStore(board.subscribeList, board.list);
  const place = useRef<HTMLDivElement>(null);
  const { columns, top } = useColumns(place);
  const name = useDeferredValue(filter.name);
  const { state, ownTeam } = filter;
  const rows = useMemo(
    () => boardRows(agents, { state, name, ownTeam }, columns),
    [agents, state, name, ownTeam, columns],
  );
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.kind === 'team' ? headPx : tilePx + gapPx),
    getItemKey: (index) => `${rows[index]?.kind} ${rows[index]?.id}`,
    overscan: 6,
    scrollMargin: top,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rows]);
  if (rows.length === 0 && agents.length > 0) {
    return (
      <Card>
        <Empty icon={<SearchX />} title={t('board.empty')} />
      </Card>
    );
  }
  return (
    <div ref={place} className="relative" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const row = rows[index];
        if (!row) return null;
        return (
          <div key={key} className="absolute inset-x-0" style={{ top: start - top }}>
            {row.kind === 'team' ? (
              <h2 className="flex h-12 items-end gap-2 pb-2 pl-1 text-lg font-bold">
                {row.name ?? t('board.no-team')}
                <span className="text-base font-normal text-slate-600">{t('common.people', { n: row.people })}</span>
              </h2>
            ) : (
              <div className="grid gap-2" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
                {row.ids.map((id) => (
                  <Tile key={id} id={id} board={board} />
                ))}
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}

function useColumns(place: React.RefObject<HTMLDivElement | null>) {
  const [shape, setShape] = useState({ columns: 6, top: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const box = place.current?.getBoundingClientRect();
      if (!box) return;
      const columns = Math.max(1, Math.floor((box.width + gapPx) / (tilePxMin + gapPx)));
      const top = box.top + scrollY;
      setShape((before) => (before.columns === columns && before.top === top ? before : { columns, top }));
    };
    measure();
    // What stands above (waiting callers) grows and shrinks, so the body is watched and not only the grid.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, [place]);
  return shape;
}

const Tile = memo(function Tile({ id, board }: { id: string; board: BoardStore }) {
  const { t } = useWords();
  const subscribe = useCallback((listener: () => void) => board.subscribeAgent(id, listener), [board, id]);
  const agent = useSyncExternalStore(subscribe, () => board.agent(id));
  if (!agent) return null;
  const { presence } = agent;
  const look = stateLook(presence);
  const Icon = look.icon;
  const word =
    presence.state === 'away' && presence.reason ? t(`reason.${presence.reason}`) : t(`state.${presence.state}`);
  return (
    <div
      data-testid="board-tile"
      data-agent={id}
      data-state={presence.state}
      className={cx('flex h-14 items-center gap-2.5 rounded-lg border-l-[5px] pr-3 pl-2.5', look.tint)}
    >
      <Icon size={22} aria-hidden="true" className="shrink-0" />
      <div className="min-w-0 flex-1 leading-tight">
        <p className="truncate text-base leading-tight font-bold">{agent.name}</p>
        <p className="truncate text-sm leading-tight">{word}</p>
      </div>
      {presence.state !== 'offline' && (
        <Ticking className="shrink-0 text-base font-semibold" text={(now) => timer(now - presence.since)} />
      )}
    </div>
  );
});
