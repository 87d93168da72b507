import type { DemoInfo } from '@denwaban/core/wire';
import { Avatar } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { initial, showNumber, useWords } from '../words/index.js';

interface CallerListProps {
  people: DemoInfo['customers'];
  chosen: string;
  disabled: boolean;
  onChoose(phone: string): void;
}

/** Some customers of the demo company, to be for the length of a call. */
export function CallerList({ people, chosen, disabled, onChoose }: CallerListProps) {
  const { t } = useWords();
  if (people.length === 0) return null;
  return (
    <div>
      <h2 className="mb-2 text-sm font-bold text-slate-700">{t('phone.from')}</h2>
      <ul
        tabIndex={0}
        aria-label={t('phone.from')}
        className="grid max-h-72 gap-2 overflow-y-auto rounded-xl p-1 sm:grid-cols-2"
      >
        {people.map((person) => (
          <li key={person.phone}>
            <button
              type="button"
              disabled={disabled}
              aria-pressed={chosen === person.phone}
              onClick={() => onChoose(person.phone)}
              className={cx(
                'flex w-full items-center gap-3 rounded-xl bg-white px-3 py-2 text-left shadow-card disabled:opacity-60',
                chosen === person.phone ? 'ring-2 ring-emerald-700 ring-inset' : 'hover:bg-emerald-50',
              )}
            >
              <Avatar letter={initial(person.name)} size="small" />
              <span className="min-w-0">
                <span className="block truncate font-bold">{person.name}</span>
                <span className="block truncate text-sm text-slate-700">{showNumber(person.phone)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
