import { PhoneOutgoing } from 'lucide-react';
import type { CustomerView } from '@denwaban/core/wire';
import { cx } from '../kit/cx.js';
import { showNumber, useWords } from '../words/index.js';
import { readDialled, type NotNow } from './call-out.js';

/** One line of what was found: a customer's card to open, or a number to call. */
export interface Option {
  customer: CustomerView | null;
  number: string | null;
}

/** Each customer, and under them their numbers; last what was typed itself, when it reads as a number that nobody found has. */
export function optionsOf(customers: readonly CustomerView[], typed: string): Option[] {
  const found = customers.flatMap((customer) => [
    { customer, number: null },
    ...customer.phones.map((number) => ({ customer, number })),
  ]);
  const dialled = readDialled(typed);
  // Two digits are the beginning of a search, six are a number; a customer who has just this one is offered already.
  if (!dialled || dialled.number.length < 6) return found;
  const known = found.some(({ number }) => number !== null && showNumber(number) === dialled.shown);
  return known ? found : [...found, { customer: null, number: dialled.number }];
}

interface SearchOptionProps {
  id: string;
  option: Option;
  active: boolean;
  notNow: NotNow | null;
  onChoose(): void;
}

export function SearchOption({ id, option, active, notNow, onChoose }: SearchOptionProps) {
  const { t } = useWords();
  const { customer, number } = option;
  const calls = number !== null;
  const shown = calls ? (readDialled(number)?.shown ?? number) : '';
  return (
    <div
      id={id}
      role="option"
      tabIndex={-1}
      data-testid={calls ? 'search-call' : 'search-customer'}
      aria-selected={active}
      aria-disabled={calls && notNow !== null}
      title={calls && notNow ? t(`dial.not-now.${notNow}`) : undefined}
      // Before the input loses the focus and the list goes away.
      onMouseDown={(event) => {
        event.preventDefault();
        onChoose();
      }}
      className={cx('flex items-baseline gap-3 rounded-lg px-3', calls ? 'py-1.5' : 'py-2', active && 'bg-indigo-50')}
    >
      {calls ? (
        <span
          className={cx(
            'flex items-center gap-2 font-semibold',
            customer && 'pl-6',
            notNow ? 'text-slate-600' : 'text-emerald-800',
          )}
        >
          <PhoneOutgoing size={16} aria-hidden="true" />
          {t('dial.call-number', { number: shown })}
        </span>
      ) : (
        <>
          <span className="font-bold whitespace-nowrap">{customer?.name}</span>
          <span className="min-w-0 flex-1 truncate text-sm text-slate-600">
            {[customer?.kana, customer?.company].filter(Boolean).join(' · ')}
          </span>
        </>
      )}
    </div>
  );
}
