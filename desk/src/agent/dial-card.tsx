import { Delete, Grid3x3, PhoneOutgoing } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { Button } from '../kit/button.js';
import { Card, CardTitle } from '../kit/card.js';
import { inputLook } from '../kit/field.js';
import { cx } from '../kit/cx.js';
import { useWords } from '../words/index.js';
import { useCall, useNotNow } from './call-button.js';
import { readDialled } from './call-out.js';
import { useConnectionView } from './desk-session.js';
import { Keypad } from './keypad.js';
import { useShortcuts } from './use-shortcuts.js';

/** Call any number: typed or pasted as it stands somewhere. What will be called is shown as one reads it. */
export function DialCard() {
  const { t } = useWords();
  const call = useCall();
  const notNow = useNotNow();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [keys, setKeys] = useState(false);
  const dialled = readDialled(text);
  useShortcuts({ dial: () => input.current?.focus() });
  const go = () => {
    if (dialled && !notNow) call(dialled.number, null);
  };
  const away = useConnectionView((view) => view.desk?.presence.says === 'away');
  const hint = notNow
    ? t(`dial.not-now.${notNow}`)
    : dialled
      ? t(away ? 'dial.preview-away' : 'dial.preview', { number: dialled.shown })
      : t(text.trim() === '' ? 'dial.hint' : 'dial.not-a-number');
  return (
    <Card aria-label={t('dial.title')} className="p-4">
      <CardTitle
        aside={
          <button
            type="button"
            data-testid="dial-keypad"
            aria-expanded={keys}
            className={cx(
              'inline-flex min-h-8 items-center gap-1.5 rounded-lg px-2.5 text-sm font-semibold',
              keys ? 'bg-amber-100 text-amber-950' : 'text-slate-700 hover:bg-slate-100',
            )}
            onClick={() => setKeys(!keys)}
          >
            <Grid3x3 size={16} aria-hidden="true" />
            {t('dial.keypad')}
          </button>
        }
      >
        {t('dial.title')}
      </CardTitle>
      <div className="mt-2 flex gap-2">
        <div className="relative min-w-0 flex-1">
          <input
            ref={input}
            data-testid="dial-number"
            type="text"
            inputMode="tel"
            autoComplete="off"
            spellCheck={false}
            maxLength={60}
            value={text}
            aria-label={t('dial.number')}
            aria-describedby={`${id}-hint`}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              // The Enter that ends a composition belongs to the input method; 229 is how some browsers name it.
              if (event.key !== 'Enter' || event.nativeEvent.isComposing || event.keyCode === 229) return;
              if (!event.repeat) go();
            }}
            className={cx(inputLook, 'pr-10 text-lg font-semibold')}
          />
          {text !== '' && (
            <button
              type="button"
              aria-label={t('dial.clear')}
              className="absolute inset-y-1 right-1 flex w-9 items-center justify-center rounded-md text-slate-600 hover:bg-slate-100"
              onClick={() => {
                setText('');
                input.current?.focus();
              }}
            >
              <Delete size={20} />
            </button>
          )}
        </div>
        <Button data-testid="dial" look="go" disabled={!dialled || notNow !== null} onClick={go}>
          <PhoneOutgoing size={20} aria-hidden="true" />
          {t('dial.call')}
        </Button>
      </div>
      <p id={`${id}-hint`} role="status" data-testid="dial-hint" className="mt-1.5 text-sm text-slate-700">
        {hint}
      </p>
      {keys && <Keypad typing onDigit={(digit) => setText((before) => (before + digit).slice(0, 60))} />}
    </Card>
  );
}
