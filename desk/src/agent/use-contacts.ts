/** What is known of a caller beside the call itself: the customer's card and the last conversations. */
import { useQuery } from '@tanstack/react-query';
import type { ConversationSummary, CustomerView } from '@denwaban/core/wire';
import { api } from '../link/api.js';

/** The whole customer behind a caller; null while it is being fetched, or when there is none. */
export function useCustomer(id: string | undefined): CustomerView | null {
  const found = useQuery({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => api.customer(id ?? '', signal),
    enabled: Boolean(id),
    staleTime: 60_000,
  });
  return found.data ?? null;
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
