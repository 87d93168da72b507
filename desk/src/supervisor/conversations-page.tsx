import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { SearchX } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { api } from '../link/api.js';
import { Failure } from '../link/failure.js';
import { Loading } from '../kit/loading.js';
import { usePageTitle } from '../kit/title.js';
import { Card, Empty } from '../kit/card.js';
import { plainDigits, useWords } from '../words/index.js';
import { ConversationFilters } from './conversation-filters.js';
import { periodFrom, type ConversationFilter } from './conversation-filter.js';
import { columnsLook, ConversationRow } from './conversation-row.js';

const rowPx = 64;
const columnSides: Partial<Record<string, string>> = {
  wait: 'text-right',
  talk: 'text-right',
  recording: 'text-center',
  call: 'text-center',
};

/** Every conversation one may see, newest first; more are fetched as one scrolls, only what is seen is in the page. */
export function ConversationsPage() {
  const { t } = useWords();
  usePageTitle(t('conversations.title'));
  const filter = useSearch({ from: '/signed-in/conversations' });
  const navigate = useNavigate();
  const change = (part: Partial<Record<keyof ConversationFilter, string | undefined>>) => {
    const next = { ...filter, ...part };
    const kept = Object.fromEntries(Object.entries(next).filter(([, value]) => value)) as ConversationFilter;
    void navigate({ to: '/conversations', search: kept, replace: true });
  };
  const list = useConversationList(filter);
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-baseline justify-between px-1">
        <h1 className="text-2xl font-bold">{t('conversations.title')}</h1>
        {list.data && (
          <p role="status" className="text-slate-600">
            {t(list.hasNextPage ? 'conversations.count-more' : 'conversations.count', { n: items.length })}
          </p>
        )}
      </div>
      <ConversationFilters filter={filter} onChange={change} />
      <Failure of={list.error} />
      <Card className="overflow-clip">
        {items.length > 0 ? (
          <Rows
            items={items}
            more={list.hasNextPage && !list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        ) : list.isPending ? (
          <Loading />
        ) : (
          <Empty icon={<SearchX />} title={t('conversations.empty')} hint={t('conversations.empty-hint')} />
        )}
      </Card>
    </div>
  );
}

function useConversationList(filter: ConversationFilter) {
  // The period's beginning is fixed when the filter is, so that the key stands still between draws.
  const [openedAt] = useState(() => Date.now());
  const values = {
    from: periodFrom(filter.period ?? 'all', openedAt),
    number: filter.number && plainDigits(filter.number),
    q: filter.q,
    direction: filter.direction,
    status: filter.status,
    end: filter.end,
    limit: 50,
  };
  return useInfiniteQuery({
    queryKey: ['conversations', 'list', values],
    queryFn: ({ pageParam, signal }) => api.conversations({ ...values, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: (before) => before,
    refetchOnMount: 'always',
  });
}

interface RowsProps {
  items: Parameters<typeof ConversationRow>[0]['item'][];
  more: boolean;
  onMore(): void;
}

function Rows({ items, more, onMore }: RowsProps) {
  const { t } = useWords();
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const place = body.current?.getBoundingClientRect();
    if (place) setTop(place.top + scrollY);
  }, []);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => rowPx,
    overscan: 12,
    scrollMargin: top,
  });
  const visible = rows.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= items.length - 10) onMore();
  }, [more, last, items.length, onMore]);

  return (
    <div role="table" aria-label={t('conversations.title')} aria-rowcount={more ? -1 : items.length + 1}>
      <div role="rowgroup" className="sticky top-0 z-10 border-b border-slate-300 bg-white">
        <div role="row" className={`${columnsLook} min-h-11 text-sm font-semibold text-slate-600`}>
          {(['when', 'customer', 'to', 'agent', 'end', 'wait', 'talk', 'recording', 'call'] as const).map((column) => (
            <span key={column} role="columnheader" className={columnSides[column]}>
              {t(`conversations.column.${column}`)}
            </span>
          ))}
        </div>
      </div>
      <div ref={body} role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
        {visible.map(({ index, start, key }) => {
          const item = items[index];
          return item && <ConversationRow key={key} item={item} index={index} top={start - top} height={rowPx} />;
        })}
      </div>
    </div>
  );
}
