/** The customer somebody opened by hand; a call's own customer goes before it. */
import type { CustomerView } from '@denwaban/core/wire';
import { Store, useView } from '../kit/store.js';

const selected = new Store<{ customer: CustomerView | null }>({ customer: null });

export const selectCustomer = (customer: CustomerView | null) => selected.set({ customer });
export const useSelectedCustomer = () => useView(selected, (view) => view.customer);
