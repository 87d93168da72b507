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

interface Density {
  widthMin: number;
  height: number;
  tile: string;
  name: string;
  small: string;
}

/** A small floor is read from across the room. On a large one a tile still holds a name, at 16 px: smaller and nobody reads it. */
const roomy: Density = { widthMin: 300, height: 84, tile: 'gap-4 px-4', name: 'text-xl', small: 'text-base' };
const dense: Density = { widthMin: 208, height: 56, tile: 'gap-2.5 pr-3 pl-2.5', name: 'text-base', small: 'text-sm' };
const roomyPeopleMax = 48;
const headPx = 48;
const gapPx = 8;

/** Everybody as tiles by team. Only the rows on the screen are in the page, and each tile hears only of its own person. */
export function BoardGrid({ board, filter }: { board: BoardStore; filter: BoardFilter }) {
  const { t } = useWords();
  const agents = useSyncExternalStore(board.subscribeList, board.list);
  const place = useRef<HTMLDivElement>(null);
  const density = agents.length <= roomyPeopleMax ? roomy : dense;
  const { columns, top } = useColumns(place, density.widthMin);
  const name = useDeferredValue(filter.name);
  const { state, ownTeam } = filter;
  const rows = useMemo(
    () => boardRows(agents, { state, name, ownTeam }, columns),
    [agents, state, name, ownTeam, columns],
  );
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.kind === 'team' ? headPx : density.height + gapPx),
    getItemKey: (index) => `${rows[index]?.kind} ${rows[index]?.id}`,
    overscan: 6,
    scrollMargin: top,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rows, density]);
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
                  <Tile key={id} id={id} board={board} density={density} />
                ))}
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}

function useColumns(place: React.RefObject<HTMLDivElement | null>, widthMin: number) {
  const [shape, setShape] = useState({ columns: 6, top: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const box = place.current?.getBoundingClientRect();
      if (!box) return;
      const columns = Math.max(1, Math.floor((box.width + gapPx) / (widthMin + gapPx)));
      const top = box.top + scrollY;
      setShape((before) => (before.columns === columns && before.top === top ? before : { columns, top }));
    };
    measure();
    // What stands above (waiting callers) grows and shrinks, so the body is watched and not only the grid.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, [place, widthMin]);
  return shape;
}

interface TileProps {
  id: string;
  board: BoardStore;
  density: Density;
}

const Tile = memo(function Tile({ id, board, density }: TileProps) {
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
      className={cx('flex items-center rounded-lg border-l-[6px]', density.tile, look.tint)}
      style={{ height: density.height }}
    >
      <Icon size={density === roomy ? 30 : 22} aria-hidden="true" className="shrink-0" />
      <div className="min-w-0 flex-1 leading-tight">
        <p className={cx('truncate leading-snug font-bold', density.name)}>{agent.name}</p>
        <p className={cx('truncate leading-snug', density.small)}>{word}</p>
      </div>
      {presence.state !== 'offline' && (
        <Ticking className={cx('shrink-0 font-semibold', density.name)} text={(now) => timer(now - presence.since)} />
      )}
    </div>
  );
});
