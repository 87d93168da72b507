import { useId, useImperativeHandle, useLayoutEffect, useRef, type Ref } from 'react';
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

/** Where somebody was writing when the field went away under their hands: the customer hangs up, and wrap-up has another one. */
let writing: { conversation: string; at: number } | null = null;

/** The note of a conversation: begun in the call, finished in wrap-up, the same text in both. */
export function NoteField({ conversation, rows, hint, placeholder, ref }: NoteFieldProps) {
  const { t } = useWords();
  const id = useId();
  const [draft, change] = useDraft(conversation);
  const field = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle<HTMLTextAreaElement | null, HTMLTextAreaElement | null>(ref, () => field.current);
  // In the layout phase: the field that goes is still in the page then, and the one that comes is already.
  useLayoutEffect(() => {
    const here = field.current;
    if (here && writing?.conversation === conversation) {
      here.focus({ preventScroll: true });
      here.setSelectionRange(writing.at, writing.at);
    }
    writing = null;
    return () => {
      if (here && document.activeElement === here) writing = { conversation, at: here.selectionStart };
    };
  }, [conversation]);
  return (
    <div className="mt-4 flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-bold text-slate-700">
        {t('call.note')}
      </label>
      <textarea
        id={id}
        ref={field}
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
