import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Headset, UserRoundSearch } from 'lucide-react';
import type { CallerView, CustomerView, DeskState } from '@denwaban/core/wire';
import { api } from '../link/api.js';
import { Card, CardTitle, Empty } from '../kit/card.js';
import { callerNumber, useWords } from '../words/index.js';
import { ContactLines } from './contact-lines.js';
import { CustomerCard } from './customer-card.js';
import { useConnectionView } from './desk-session.js';
import { LastNote } from './last-note.js';
import { selectCustomer, useSelectedCustomer } from './selected-customer.js';
import { useContacts, useCustomer } from './use-contacts.js';

/** The middle of the desk: the customer one has to do with, else one's own latest conversations. */
export function Middle({ desk }: { desk: DeskState }) {
  const caller = desk.call?.caller ?? desk.offer?.caller ?? desk.wrapUp?.caller ?? null;
  const chosen = useSelectedCustomer();
  return (
    <div className="flex min-w-0 flex-col gap-3">
      {caller ? <CallersCustomer caller={caller} /> : chosen ? <ChosenCustomer customer={chosen} /> : <Idle />}
    </div>
  );
}

function CallersCustomer({ caller }: { caller: CallerView }) {
  const { t } = useWords();
  const customer = useCustomer(caller.customer?.id);
  const contacts = useContacts(caller.customer?.id, caller.conversation);
  if (!caller.customer) {
    return (
      <Card>
        <Empty
          icon={<UserRoundSearch size={28} />}
          title={t('customer.unknown-title')}
          hint={`${callerNumber(caller, t)} — ${t('customer.unknown-hint')}`}
        />
      </Card>
    );
  }
  // What came with the call is drawn at once; the rest of the card follows when it is there.
  const known: CustomerView = customer ?? {
    ...caller.customer,
    company: null,
    phones: caller.number ? [caller.number] : [],
    owner: caller.owner,
    team: null,
  };
  return (
    <>
      <CustomerCard customer={known} contacts={contacts} />
      <LastNote items={contacts?.items ?? null} />
      <History items={contacts?.items ?? null} title={t('history.customer')} compact />
    </>
  );
}

function ChosenCustomer({ customer }: { customer: CustomerView }) {
  const { t } = useWords();
  const contacts = useContacts(customer.id);
  return (
    <>
      <CustomerCard customer={customer} contacts={contacts} onClose={() => selectCustomer(null)} />
      <LastNote items={contacts?.items ?? null} />
      <History items={contacts?.items ?? null} title={t('history.customer')} compact />
    </>
  );
}

function Idle() {
  const { t } = useWords();
  const me = useConnectionView((view) => view.me?.id);
  const away = useConnectionView((view) => view.desk?.presence.says === 'away');
  const mine = useQuery({
    queryKey: ['conversations', 'own', 'latest', me],
    queryFn: ({ signal }) => api.conversations({ agent: me, limit: 8 }, signal),
    enabled: Boolean(me),
  });
  return (
    <>
      <Card>
        <Empty
          icon={<Headset size={28} />}
          title={t(away ? 'customer.away-title' : 'customer.idle-title')}
          hint={t('customer.idle-hint')}
        />
      </Card>
      <History items={mine.data?.items ?? null} title={t('history.mine')} />
    </>
  );
}

interface HistoryProps {
  items: Parameters<typeof ContactLines>[0]['items'] | null;
  title: string;
  compact?: boolean;
}

function History({ items, title, compact = false }: HistoryProps) {
  const { t } = useWords();
  return (
    <Card className="p-5">
      <CardTitle
        aside={
          <Link
            to="/conversations"
            className="text-sm font-semibold text-indigo-700 underline-offset-2 hover:underline"
          >
            {t('history.all')}
          </Link>
        }
      >
        {title}
      </CardTitle>
      <div className="mt-2">
        {items === null ? (
          <p className="py-6 text-slate-600">{t('common.loading')}</p>
        ) : items.length === 0 ? (
          <p className="py-6 text-slate-600">{t('history.empty')}</p>
        ) : (
          <ContactLines items={items} compact={compact} />
        )}
      </div>
    </Card>
  );
}
