import { Dialog } from '@base-ui/react/dialog';
import { Keyboard, X } from 'lucide-react';
import { useState } from 'react';
import { useShortcuts } from '../agent/use-shortcuts.js';
import { useWords, type WordKey } from '../words/index.js';

const keys = [
  ['Ctrl + Shift + A', 'shortcuts.answer'],
  ['Ctrl + Shift + X', 'shortcuts.hang-up'],
  ['M', 'shortcuts.mute'],
  ['H', 'shortcuts.hold'],
  ['N', 'shortcuts.note'],
  ['D', 'shortcuts.dial'],
  ['Enter', 'shortcuts.dial-call'],
  ['Ctrl / ⌘ + K', 'shortcuts.search'],
  ['?', 'shortcuts.open'],
] as const satisfies readonly (readonly [string, WordKey])[];

/** Which keys do what: a button, and the key `?`. */
export function ShortcutSheet() {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  useShortcuts({ help: () => setOpen(true) });
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger aria-label={t('shortcuts.open')} className="rounded-lg p-2 text-slate-700 hover:bg-slate-100">
        <Keyboard size={20} />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-slate-900/40" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 z-50 w-[min(30rem,calc(100vw-2rem))] -translate-1/2 rounded-2xl bg-white p-6 shadow-2xl outline-none">
          <div className="flex items-center justify-between">
            <Dialog.Title className="text-xl font-bold">{t('shortcuts.title')}</Dialog.Title>
            <Dialog.Close aria-label={t('common.close')} className="rounded-lg p-2 hover:bg-slate-100">
              <X size={20} />
            </Dialog.Close>
          </div>
          <dl className="mt-4 grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-3">
            {keys.map(([key, word]) => (
              <div key={key} className="contents">
                <dt>
                  <kbd className="rounded-lg bg-slate-100 px-2.5 py-1 font-sans text-sm font-bold ring-1 ring-slate-300 ring-inset">
                    {key}
                  </kbd>
                </dt>
                <dd>{t(word)}</dd>
              </div>
            ))}
          </dl>
          <Dialog.Description className="mt-5 text-sm text-slate-600">{t('shortcuts.note-typing')}</Dialog.Description>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
