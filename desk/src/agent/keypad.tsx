import { useEffect, useRef, useState } from 'react';
import { useWords } from '../words/index.js';

const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

interface KeypadProps {
  /** The first key takes the focus: for a keypad that somebody has just opened. */
  focus?: boolean;
  /** For typing a number instead of sending tones: what was typed stands elsewhere. */
  typing?: boolean;
  onDigit(digit: string): void;
}

/** Twelve keys. While it has the focus, the keyboard's digits work too. Goes by the test id of each digit. */
export function Keypad({ onDigit, focus = false, typing = false }: KeypadProps) {
  const { t } = useWords();
  const [sent, setSent] = useState('');
  const pad = useRef<HTMLDivElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!focus) return;
    first.current?.focus({ preventScroll: true });
    // In a low window the keys would lie below its edge, and only the first of them would be scrolled to.
    pad.current?.scrollIntoView({ block: 'nearest' });
  }, [focus]);
  const send = (digit: string) => {
    setSent((before) => (before + digit).slice(-24));
    onDigit(digit);
  };
  return (
    <div
      ref={pad}
      role="group"
      aria-label={t('call.keypad')}
      className="mt-3 rounded-xl bg-slate-50 p-2 tall:p-3"
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.nativeEvent.isComposing) return;
        const digit = event.key.normalize('NFKC');
        if (digit.length === 1 && digits.includes(digit)) send(digit);
      }}
    >
      {!typing && (
        <output
          aria-label={t('call.keypad-sent')}
          className="mb-1 block h-7 truncate tall:mb-2 text-center text-xl font-bold"
        >
          {sent}
        </output>
      )}
      <div className="grid grid-cols-3 gap-1.5 tall:gap-2">
        {digits.map((digit, index) => (
          <button
            key={digit}
            ref={index === 0 ? first : undefined}
            type="button"
            data-testid={`key-${digit}`}
            aria-label={t(typing ? 'dial.key' : 'call.keypad-digit', { digit })}
            onClick={() => send(digit)}
            className="min-h-10 rounded-lg tall:min-h-12 bg-white text-xl font-bold shadow-card hover:bg-indigo-50 active:bg-indigo-100"
          >
            {digit}
          </button>
        ))}
      </div>
    </div>
  );
}
