import { Building2, Phone, UserRoundCheck, UsersRound, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { CustomerView } from '@denwaban/core/wire';
import { Avatar, Card, Fact } from '../kit/card.js';
import { dayKey, clockTime, initial, shortDate, useWords } from '../words/index.js';
import { CallableNumber } from './callable-number.js';
import type { Contacts } from './use-contacts.js';

interface CustomerCardProps {
  customer: CustomerView;
  contacts: Contacts | null;
  onClose?: (() => void) | undefined;
}

/** Who the customer is. */
export function CustomerCard({ customer, contacts, onClose }: CustomerCardProps) {
  const { t, locale } = useWords();
  const last = contacts?.items[0];
  const lastAt =
    last &&
    (dayKey(last.startedAt) === dayKey(Date.now())
      ? clockTime(last.startedAt, locale)
      : shortDate(last.startedAt, locale));
  return (
    <Card aria-label={t('customer.card')} className="p-5">
      <div className="flex items-center gap-4">
        <Avatar letter={initial(customer.name)} />
        <div className="min-w-0 flex-1">
          {customer.kana && <p className="truncate text-sm text-slate-600">{customer.kana}</p>}
          <h2 className="truncate text-2xl leading-snug font-bold">{t('caller.suffix', { name: customer.name })}</h2>
          <p className="flex items-center gap-1.5 truncate text-base text-slate-700">
            <Building2 size={16} aria-hidden="true" className="shrink-0 text-slate-500" />
            {customer.company ?? t('customer.no-company')}
          </p>
        </div>
        {onClose && (
          <button
            type="button"
            aria-label={t('customer.close')}
            onClick={onClose}
            className="self-start rounded-lg p-2 text-slate-600 hover:bg-slate-100"
          >
            <X size={20} />
          </button>
        )}
      </div>
      <dl className="mt-4 grid grid-cols-3 gap-2">
        <Fact label={t('customer.owner')}>{customer.owner?.name ?? t('caller.no-owner')}</Fact>
        <Fact label={t('customer.contacts')}>
          {contacts
            ? t(contacts.more ? 'customer.contacts-more' : 'customer.contacts-value', { n: contacts.items.length })
            : '…'}
        </Fact>
        <Fact label={t('customer.last')}>{contacts ? (lastAt ?? t('common.none')) : '…'}</Fact>
      </dl>
      <ul className="mt-3 flex flex-wrap gap-x-6 gap-y-1 text-base">
        {customer.phones.map((phone) => (
          <Line key={phone} icon={<Phone size={16} />}>
            <CallableNumber number={phone} customer={customer} />
          </Line>
        ))}
        {customer.team && <Line icon={<UsersRound size={16} />}>{customer.team.name}</Line>}
        {!customer.owner && <Line icon={<UserRoundCheck size={16} />}>{t('caller.no-owner')}</Line>}
      </ul>
    </Card>
  );
}

function Line({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <li className="flex items-center gap-2">
      <span aria-hidden="true" className="text-slate-500">
        {icon}
      </span>
      {children}
    </li>
  );
}
