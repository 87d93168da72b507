import { useId, type Ref } from 'react';
import { useWords } from '../words/index.js';
import { useDraft } from './drafts.js';

/** As long as the server takes it. */
const lengthMax = 10_000;

interface NoteFieldProps {
  conversation: string;
  rows: number;
  hint?: string;
  placeholder?: string;
  ref?: Ref<HTMLTextAreaElement>;
}

/** The note of a conversation: begun in the call, finished in wrap-up, the same text in both. */
export function NoteField({ conversation, rows, hint, placeholder, ref }: NoteFieldProps) {
  const { t } = useWords();
  const id = useId();
  const [draft, change] = useDraft(conversation);
  return (
    <div className="mt-4 flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-bold text-slate-700">
        {t('call.note')}
      </label>
      <textarea
        id={id}
        ref={ref}
        data-testid="note"
        rows={rows}
        maxLength={lengthMax}
        value={draft.note}
        placeholder={placeholder}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => change({ note: event.target.value })}
        className="w-full resize-y rounded-lg border border-slate-400 bg-white p-3 text-base leading-relaxed placeholder:text-slate-500"
      />
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-slate-600">
          {hint}
        </p>
      )}
    </div>
  );
}
