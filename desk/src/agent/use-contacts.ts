/** What is known of a caller beside the call itself: the customer's card and the last conversations. */
import { useQuery } from '@tanstack/react-query';
import type { CallerView, ConversationSummary, CustomerView } from '@denwaban/core/wire';
import { api } from '../link/api.js';

/** The whole customer behind a caller. There is no look-up by id, so the number that rang is searched. */
export function useCustomer(caller: CallerView | null): CustomerView | null {
  const id = caller?.customer?.id;
  const q = caller?.number ?? caller?.customer?.name ?? '';
  const found = useQuery({
    queryKey: ['customer', id, q],
    queryFn: ({ signal }) => api.customers({ q, limit: 20 }, signal),
    enabled: Boolean(id && q),
    staleTime: 60_000,
  });
  return found.data?.items.find((customer) => customer.id === id) ?? null;
}

export interface Contacts {
  items: ConversationSummary[];
  more: boolean;
}

/** The customer's conversations before the one that is going on, newest first. Null while they are being fetched. */
export function useContacts(customer: string | undefined, except?: string): Contacts | null {
  const limit = 6;
  const found = useQuery({
    queryKey: ['conversations', 'of-customer', customer, limit],
    queryFn: ({ signal }) => api.conversations(customer ? { customer, limit } : {}, signal),
    enabled: Boolean(customer),
    staleTime: 5_000,
  });
  if (!found.data) return null;
  return {
    items: found.data.items.filter((item) => item.id !== except).slice(0, 5),
    more: found.data.next !== null,
  };
}
