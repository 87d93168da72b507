/** What the list of conversations is narrowed to. It lives in the address, so that a list can be sent to a colleague. */
import { conversationEnd, conversationStatus, direction } from '@denwaban/core/wire';
import { dayStart } from '../words/index.js';

export const periods = ['today', 'week', 'month', 'all'] as const;
export type Period = (typeof periods)[number];

export interface ConversationFilter {
  period?: Period;
  number?: string;
  q?: string;
  direction?: (typeof direction.options)[number];
  status?: (typeof conversationStatus.options)[number];
  end?: (typeof conversationEnd.options)[number];
}

/** From the address, which anybody can write: what does not fit is left out. */
export function readFilter(search: Record<string, unknown>): ConversationFilter {
  const filter: ConversationFilter = {};
  const period = periods.find((one) => one === search['period']);
  const way = direction.safeParse(search['direction']);
  const status = conversationStatus.safeParse(search['status']);
  const end = conversationEnd.safeParse(search['end']);
  if (period) filter.period = period;
  if (way.success) filter.direction = way.data;
  if (status.success) filter.status = status.data;
  if (end.success) filter.end = end.data;
  // A number in the address arrives as a number: `?number=0312345678` would lose its 0 if it were not written as text.
  for (const key of ['number', 'q'] as const) {
    const value = search[key];
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    if (text) filter[key] = text.slice(0, 200);
  }
  return filter;
}

const dayMs = 86_400_000;

/** When the period begins, epoch ms; undefined for all time. */
export function periodFrom(period: Period, now: number): number | undefined {
  switch (period) {
    case 'today':
      return dayStart(now);
    case 'week':
      return dayStart(now) - 6 * dayMs;
    case 'month':
      return dayStart(now) - 29 * dayMs;
    case 'all':
      return undefined;
  }
}
