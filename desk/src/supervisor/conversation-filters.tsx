import { Phone, UserRoundSearch } from 'lucide-react';
import { useEffect, useState } from 'react';
import { conversationEnd, conversationStatus, direction } from '@denwaban/core/wire';
import { Button } from '../kit/button.js';
import { Card } from '../kit/card.js';
import { Choice, Field } from '../kit/field.js';
import { useDebounced } from '../kit/use-debounced.js';
import { useWords } from '../words/index.js';
import { periods, type ConversationFilter } from './conversation-filter.js';

interface FiltersProps {
  filter: ConversationFilter;
  onChange(part: Partial<Record<keyof ConversationFilter, string | undefined>>): void;
}

export function ConversationFilters({ filter, onChange }: FiltersProps) {
  const { t } = useWords();
  const [q, setQ] = useTyped(filter.q, (text) => onChange({ q: text }));
  const [number, setNumber] = useTyped(filter.number, (text) => onChange({ number: text }));
  const any = { value: '', label: t('conversations.any') };
  const narrowed = Object.keys(filter).length > 0;
  return (
    <Card
      aria-label={t('conversations.filter')}
      className="grid grid-cols-2 items-end gap-3 p-4 lg:grid-cols-[1.4fr_1.2fr_1fr_1fr_1fr_1fr_auto]"
    >
      <Field
        label={t('conversations.name')}
        icon={<UserRoundSearch size={18} />}
        value={q}
        type="search"
        onChange={(event) => setQ(event.target.value)}
      />
      <Field
        label={t('conversations.number')}
        icon={<Phone size={18} />}
        value={number}
        type="search"
        inputMode="tel"
        placeholder={t('conversations.number-hint')}
        onChange={(event) => setNumber(event.target.value)}
      />
      <Choice
        label={t('conversations.period')}
        value={filter.period ?? 'all'}
        options={periods.map((period) => ({ value: period, label: t(`conversations.period.${period}`) }))}
        onChange={(period) => onChange({ period: period === 'all' ? undefined : period })}
      />
      <Choice
        label={t('direction.title')}
        value={filter.direction ?? ''}
        options={[any, ...direction.options.map((way) => ({ value: way, label: t(`direction.${way}`) }))]}
        onChange={(way) => onChange({ direction: way || undefined })}
      />
      <Choice
        label={t('conversations.end')}
        value={filter.end ?? ''}
        options={[any, ...conversationEnd.options.map((end) => ({ value: end, label: t(`end.${end}`) }))]}
        onChange={(end) => onChange({ end: end || undefined })}
      />
      <Choice
        label={t('conversations.status')}
        value={filter.status ?? ''}
        options={[
          any,
          ...conversationStatus.options.map((status) => ({ value: status, label: t(`conversation-status.${status}`) })),
        ]}
        onChange={(status) => onChange({ status: status || undefined })}
      />
      <Button
        look="bare"
        disabled={!narrowed}
        onClick={() => {
          setQ('');
          setNumber('');
          onChange({
            ...{ q: undefined, number: undefined, period: undefined },
            ...{ direction: undefined, end: undefined, status: undefined },
          });
        }}
      >
        {t('common.clear')}
      </Button>
    </Card>
  );
}

/** A text that is told on when the typing has paused. */
function useTyped(given: string | undefined, tell: (text: string | undefined) => void) {
  const [text, setText] = useState(given ?? '');
  const still = useDebounced(text.trim());
  useEffect(() => {
    if (still !== (given ?? '')) tell(still || undefined);
    // Only when what was typed changes: a change of the address by other means must not be undone.
  }, [still]);
  return [text, setText] as const;
}
