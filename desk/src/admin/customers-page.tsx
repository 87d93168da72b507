import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useRouteContext } from '@tanstack/react-router';
import { FileUp, Search, SearchX } from 'lucide-react';
import { useState } from 'react';
import { CallableNumber } from '../agent/callable-number.js';
import { selectCustomer } from '../agent/selected-customer.js';
import { api } from '../link/api.js';
import { Failure } from '../link/failure.js';
import { Loading } from '../kit/loading.js';
import { usePageTitle } from '../kit/title.js';
import { Button, buttonLook } from '../kit/button.js';
import { Card, Empty } from '../kit/card.js';
import { Field } from '../kit/field.js';
import { useDebounced } from '../kit/use-debounced.js';
import { useWords } from '../words/index.js';

const columns = ['name', 'company', 'phones', 'owner', 'team'] as const;

/** The customers: found by anything one knows of them, by pages. */
export function CustomersPage() {
  const { t } = useWords();
  usePageTitle(t('customers.title'));
  const { me } = useRouteContext({ from: '/signed-in' });
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const q = useDebounced(text.trim());
  const list = useInfiniteQuery({
    queryKey: ['customers', 'list', q],
    queryFn: ({ pageParam, signal }) =>
      api.customers({ q, limit: 50, ...(pageParam !== undefined && { cursor: pageParam }) }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: (before) => before,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end justify-between gap-3 px-1">
        <h1 className="text-2xl font-bold">{t('customers.title')}</h1>
        {me.role !== 'agent' && (
          <Link to="/customers/import" className={buttonLook('primary', 'medium')}>
            <FileUp size={18} aria-hidden="true" />
            {t('customers.import')}
          </Link>
        )}
      </div>
      <Card className="p-4">
        <Field
          label={t('customers.search')}
          icon={<Search size={18} />}
          type="search"
          placeholder={t('customers.search-placeholder')}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Card>
      <Failure of={list.error} />
      <Card className="overflow-x-auto">
        {items.length === 0 ? (
          list.isPending ? (
            <Loading />
          ) : (
            <Empty icon={<SearchX />} title={t('customers.empty')} />
          )
        ) : (
          <table className="w-full text-left">
            <thead className="border-b border-slate-300 text-sm text-slate-600">
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col" className="px-5 py-3 font-semibold">
                    {t(`customers.column.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((customer) => (
                <tr
                  key={customer.id}
                  data-testid="customer-row"
                  className="relative border-b border-slate-200 last:border-0 hover:bg-indigo-50"
                >
                  <td className="px-5 py-2.5 leading-tight">
                    {customer.kana && <span className="block text-sm text-slate-600">{customer.kana}</span>}
                    <button
                      type="button"
                      className="text-left text-base font-bold after:absolute after:inset-0"
                      onClick={() => {
                        selectCustomer(customer);
                        void navigate({ to: '/' });
                      }}
                    >
                      {customer.name}
                    </button>
                  </td>
                  <td className="px-5 py-2.5">{customer.company ?? <span className="text-slate-600">–</span>}</td>
                  <td className="px-5 py-2.5 whitespace-nowrap">
                    {customer.phones.map((phone) => (
                      <span key={phone} className="block py-0.5">
                        <CallableNumber number={phone} customer={customer} />
                      </span>
                    ))}
                  </td>
                  <td className="px-5 py-2.5 whitespace-nowrap">
                    {customer.owner?.name ?? <span className="text-slate-600">{t('caller.no-owner')}</span>}
                  </td>
                  <td className="px-5 py-2.5 whitespace-nowrap">{customer.team?.name ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {list.hasNextPage && (
        <Button
          look="outline"
          className="self-center"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t('common.more')}
        </Button>
      )}
    </div>
  );
}
