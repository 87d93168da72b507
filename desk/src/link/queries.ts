/** The page's cache of what the HTTP API answered. Live things (own state, calls, the board) do not pass through here. */
import { QueryClient } from '@tanstack/react-query';
import { mayRetry } from './api.js';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => mayRetry(error) && count < 3,
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4_000),
      networkMode: 'always', // a contact centre's LAN works without the internet that browsers ask about
    },
    mutations: { networkMode: 'always' },
  },
});
