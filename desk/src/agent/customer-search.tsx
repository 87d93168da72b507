import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useDeferredValue, useId, useRef, useState } from 'react';
import { api } from '../link/api.js';
import { cx } from '../kit/cx.js';
import { useWords } from '../words/index.js';
import { useCall, useNotNow } from './call-button.js';
import { optionsOf, SearchOption, type Option } from './search-option.js';
import { selectCustomer } from './selected-customer.js';
import { useShortcuts } from './use-shortcuts.js';

/** As the keyboard of this machine has it. */
const searchKeys = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K';

/** Find a customer by anything one knows of them (WAI-ARIA combobox with a list). */
export function CustomerSearch() {
  const { t } = useWords();
  const navigate = useNavigate();
  const list = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const call = useCall();
  const notNow = useNotNow();
  const q = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ['customers', 'search', q],
    queryFn: ({ signal }) => api.customers({ q, limit: 8 }, signal),
    enabled: q !== '',
    placeholderData: (before) => before,
  });
  const items = q === '' ? [] : (found.data?.items ?? []);
  const options = optionsOf(items, q);
  const shown = open && q !== '' && found.data !== undefined;
  useShortcuts({ search: () => input.current?.focus() });

  const choose = (option: Option | undefined) => {
    if (!option) return;
    const { customer, number } = option;
    if (number !== null && notNow) return;
    if (customer) selectCustomer(customer);
    if (number !== null) call(number, customer?.id ?? null);
    setText('');
    setOpen(false);
    input.current?.blur();
    void navigate({ to: '/' });
  };

  return (
    <div className="relative min-w-52 flex-1">
      <Search
        size={18}
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-slate-500"
      />
      <input
        ref={input}
        role="combobox"
        aria-label={t('search.label')}
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && options[active] ? `${list}-${active}` : undefined}
        autoComplete="off"
        placeholder={t('search.placeholder')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || event.keyCode === 229) return;
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            const step = event.key === 'ArrowDown' ? 1 : -1;
            setActive((options.length + active + step) % Math.max(1, options.length));
          } else if (event.key === 'Enter') choose(options[active]);
          else if (event.key === 'Escape') setOpen(false);
        }}
        className="min-h-10 w-full rounded-lg border border-slate-300 bg-white pr-14 pl-10 text-base placeholder:text-slate-500"
      />
      <kbd className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 rounded bg-slate-100 px-1.5 font-sans text-xs text-slate-600">
        {searchKeys}
      </kbd>
      <div
        id={list}
        role="listbox"
        aria-label={t('search.label')}
        className={cx(
          'absolute inset-x-0 top-full z-30 mt-1 rounded-xl bg-white p-1 shadow-xl ring-1 ring-slate-200',
          !shown && 'hidden',
        )}
      >
        {options.map((option, index) => (
          <SearchOption
            key={`${option.customer?.id} ${option.number}`}
            id={`${list}-${index}`}
            option={option}
            active={index === active}
            notNow={notNow}
            onChoose={() => choose(option)}
          />
        ))}
        {options.length === 0 && (
          <p role="option" aria-selected="false" aria-disabled="true" className="px-3 py-2 text-slate-600">
            {t('search.empty', { q })}
          </p>
        )}
      </div>
    </div>
  );
}
