import { PhoneOutgoing } from 'lucide-react';
import { Button } from '../kit/button.js';
import { cx } from '../kit/cx.js';
import { showNumber, useWords } from '../words/index.js';
import { whyNotCall, type NotNow } from './call-out.js';
import { isUnderWay } from './calling-out.js';
import { useConnectionView, useDeskState, useLineView, usePhone, usePhoneView } from './desk-session.js';
import { wakeRinger } from './ringer.js';

/** Why this person cannot call anybody now; null: they can. */
export function useNotNow(): NotNow | null {
  const link = useConnectionView((view) => view.link);
  const desk = useDeskState();
  const place = usePhoneView((view) => view.place);
  const asked = usePhoneView((view) => (isUnderWay(view.callOut) ? view.callOut.state : null));
  const problem = useLineView((view) => view.problem);
  return whyNotCall({ link, desk, place, asked, problem });
}

export function useCall(): (number: string, customer: string | null) => void {
  const phone = usePhone();
  return (number, customer) => {
    wakeRinger(); // a click is what a browser wants before it lets us sound
    phone.call(number, customer);
  };
}

interface CallButtonProps {
  number: string;
  customer?: { id: string; name: string } | null | undefined;
  /** They called and were missed: the same call, by the word that fits. */
  back?: boolean;
  /** With the word beside the icon. */
  word?: boolean;
  className?: string;
}

/** Calls this number. While that cannot be, the button says why: it stays in the order of Tab, so that everybody can ask it. */
export function CallButton({ number, customer = null, back = false, word = false, className }: CallButtonProps) {
  const { t } = useWords();
  const call = useCall();
  const notNow = useNotNow();
  const shown = { name: customer?.name ?? '', number: showNumber(number) };
  const label = customer
    ? t(back ? 'dial.call-back-name' : 'dial.call-name', shown)
    : t('dial.call-number', { number: shown.number });
  const why = notNow && t(`dial.not-now.${notNow}`);
  const may = {
    'data-testid': 'call-number',
    'data-number': number,
    'aria-label': why ? `${label}. ${why}` : label,
    'aria-disabled': notNow !== null,
    title: why ?? label,
    onClick: () => {
      if (!notNow) call(number, customer?.id ?? null);
    },
  } as const;
  if (word) {
    return (
      <Button {...may} look={notNow ? 'quiet' : 'go'} size="small" className={className}>
        <PhoneOutgoing size={18} aria-hidden="true" />
        {t(back ? 'dial.call-back' : 'dial.call')}
      </Button>
    );
  }
  return (
    <button
      type="button"
      {...may}
      className={cx(
        'flex size-9 shrink-0 items-center justify-center rounded-lg',
        notNow ? 'cursor-not-allowed bg-slate-100 text-slate-500' : 'bg-emerald-700 text-white hover:bg-emerald-800',
        className,
      )}
    >
      <PhoneOutgoing size={18} aria-hidden="true" />
    </button>
  );
}
