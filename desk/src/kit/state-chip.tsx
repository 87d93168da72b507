import type { PresenceState } from '@denwaban/core/wire';
import { useWords } from '../words/index.js';
import { cx } from './cx.js';
import { stateLook } from './state-look.js';

/** How many are in a state: word, number, icon, colour. */
export function StateChip({ state, count }: { state: PresenceState; count: number }) {
  const { t } = useWords();
  const look = stateLook({ state, reason: null });
  const Icon = look.icon;
  return (
    <span
      className={cx(
        'inline-flex min-h-8 items-center gap-1.5 rounded-full px-3 text-sm font-bold whitespace-nowrap',
        look.strong,
      )}
    >
      <Icon size={15} aria-hidden="true" />
      {t(`state.${state}`)} {count}
    </span>
  );
}

export const stateOrder: readonly PresenceState[] = [
  'available',
  'offered',
  'talking',
  'wrap-up',
  'connecting',
  'away',
  'offline',
];
