import { Save } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { dispositions, type DeskState } from '@denwaban/core/wire';
import { Button } from '../kit/button.js';
import { Card } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { steadyTimers } from '../kit/steady-timers.js';
import { serverNow } from '../kit/server-clock.js';
import { Ticking } from '../kit/ticker.js';
import { callerName, timer, useWords } from '../words/index.js';
import { useConnectionView, usePhone } from './desk-session.js';
import { dropDraft, readDraft, useDraft } from './drafts.js';
import { NoteField } from './note-field.js';

type WrapUp = NonNullable<DeskState['wrapUp']>;

/** So long before the server's deadline what was written is sent by itself: the server would close it with an empty note. */
const beforeEndMs = 1_500;

/** The work after the call: outcome, note, and how long there is for it. */
export function WrapUpCard({ wrapUp }: { wrapUp: WrapUp }) {
  const { t } = useWords();
  const phone = usePhone();
  const open = useConnectionView((view) => view.link === 'open');
  const { conversation } = wrapUp.caller;
  const [draft, change] = useDraft(conversation);
  const [saving, setSaving] = useState(false);
  const { endsAt } = wrapUp;

  const save = () => {
    const { disposition, note } = readDraft(conversation);
    if (phone.saveWrapUp(conversation, disposition, note)) setSaving(true);
  };
  // A refusal, or a connection that went before the answer, must not leave the button dead.
  useEffect(() => {
    if (!saving) return;
    return steadyTimers().after(3_000, () => setSaving(false));
  }, [saving]);
  useEffect(() => {
    return steadyTimers().after(Math.max(0, endsAt - serverNow() - beforeEndMs), () => {
      const { disposition, note } = readDraft(conversation);
      if (note || disposition) phone.saveWrapUp(conversation, disposition, note);
    });
  }, [phone, conversation, endsAt]);
  // The button that was pressed is gone: who works by keyboard or by ear goes on here, and who writes is left in peace.
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) card.current?.focus({ preventScroll: true });
  }, [conversation]);
  // The card leaves only when the server says that this wrap-up is over; what was written is with it then.
  useEffect(() => {
    return () => {
      if (phone.connection.store.get().desk?.wrapUp?.caller.conversation !== conversation) dropDraft(conversation);
    };
  }, [phone, conversation]);

  return (
    <Card
      ref={card}
      tabIndex={-1}
      data-testid="wrap-up"
      aria-label={t('wrap-up.title')}
      className="outline-none border-t-8 border-amber-600 p-4 tall:p-5"
    >
      <div className="flex items-baseline justify-between gap-3">
        <h2 className="text-xl font-bold">{t('wrap-up.title')}</h2>
        <Ticking
          className="text-lg font-bold text-amber-800"
          text={(now) => t('wrap-up.left', { time: timer(endsAt - now) })}
        />
      </div>
      <p data-testid="wrap-up-name" className="mt-1 text-2xl font-bold break-words">
        {callerName(wrapUp.caller, t)}
      </p>
      <fieldset className="mt-4">
        <legend className="mb-1.5 text-sm font-bold text-slate-700">{t('wrap-up.disposition')}</legend>
        <div className="flex flex-wrap gap-2">
          {dispositions.map((disposition) => {
            const chosen = draft.disposition === disposition;
            return (
              <label
                key={disposition}
                className={cx(
                  'flex min-h-10 cursor-pointer items-center rounded-full px-4 text-base font-semibold ring-inset has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-indigo-500',
                  chosen
                    ? 'bg-indigo-700 text-white ring-2 ring-indigo-700'
                    : 'bg-white text-slate-800 ring-1 ring-slate-400 hover:bg-slate-50',
                )}
              >
                <input
                  type="radio"
                  name="disposition"
                  className="sr-only"
                  checked={chosen}
                  onChange={() => change({ disposition })}
                />
                {t(`disposition.${disposition}`)}
              </label>
            );
          })}
        </div>
      </fieldset>
      <NoteField
        conversation={conversation}
        rows={3}
        placeholder={t('wrap-up.note-placeholder')}
        hint={t('wrap-up.auto')}
      />
      <Button
        data-testid="save-wrap-up"
        look="primary"
        size="large"
        className="mt-4 w-full"
        disabled={!open || saving}
        onClick={save}
      >
        <Save size={22} aria-hidden="true" />
        {saving ? t('wrap-up.saving') : t('wrap-up.save')}
      </Button>
    </Card>
  );
}
