import { Printer, TriangleAlert } from 'lucide-react';
import type { DeskState } from '@denwaban/core/wire';
import { useWords } from '../words/index.js';

/** What the agent cannot know by listening alone: a machine calls, or it is the line that is poor and not the customer. */
export function CallHints({ call }: { call: NonNullable<DeskState['call']> }) {
  const { t } = useWords();
  const line = 'mt-3 flex items-center gap-2 rounded-lg bg-amber-50 px-3 py-2 font-bold text-amber-950';
  return (
    <>
      {call.fax && (
        <p role="status" className={line} data-testid="fax">
          <Printer size={18} aria-hidden="true" />
          {t('call.fax')}
        </p>
      )}
      {call.line === 'poor' && (
        <p role="status" className={line} data-testid="poor-line">
          <TriangleAlert size={18} aria-hidden="true" />
          {t('call.poor-line')}
        </p>
      )}
    </>
  );
}
