import { useEffect, useRef } from 'react';
import { steadyTimers } from '../kit/steady-timers.js';
import { queries } from '../link/queries.js';
import { useDeskState } from './desk-session.js';

/** The desk is told first, the record follows within moments. */
const recordMs = 1_500;

/**
 * One's own conversations change only by what one does: they are fetched anew when an offer, a call or a wrap-up of one's own
 * came, went or moved on, and never by the clock.
 */
export function useOwnRecords(): void {
  const desk = useDeskState();
  const doing = desk && [
    desk.offer?.reservation,
    desk.call?.caller.conversation,
    desk.call?.state,
    desk.wrapUp?.startedAt,
  ];
  const now = doing && doing.join(' ');
  const before = useRef(now);
  useEffect(() => {
    if (before.current === now) return;
    before.current = now;
    const renew = () => void queries.invalidateQueries({ queryKey: ['conversations', 'own'] });
    renew();
    return steadyTimers().after(recordMs, renew);
  }, [now]);
}
