import type { ReactNode } from 'react';
import { Avatar } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { Ticking } from '../kit/ticker.js';
import { initial, isWordKey, showNumber, timer, useWords, type Translate } from '../words/index.js';
import type { WebPhoneView } from './web-phone.js';

interface PhoneScreenProps {
  view: WebPhoneView;
  /** Who is calling, when known. */
  name: string | null;
  from: string;
  to: string;
  /** The buttons. */
  children: ReactNode;
}

/** Looks like a telephone, so that nobody has to be told what it is. */
export function PhoneScreen({ view, name, from, to, children }: PhoneScreenProps) {
  const { t } = useWords();
  const { state, answeredAt } = view;
  const live = state === 'answered' || state === 'ringing' || state === 'dialling';
  return (
    <section
      aria-label={t('phone.title')}
      className="mx-auto w-full max-w-88 rounded-[2.75rem] bg-slate-900 p-2 shadow-2xl tall:p-3 ring-1 ring-slate-700"
    >
      <div className="flex min-h-[28rem] flex-col rounded-[2.1rem] bg-white px-6 pt-4 pb-4 tall:min-h-[34rem] tall:pt-6 tall:pb-5">
        <div className="flex flex-1 flex-col items-center text-center">
          <span
            className={cx(
              'rounded-full',
              state === 'answered' && 'hidden tall:block',
              live && 'ring-8 ring-emerald-100',
            )}
          >
            <Avatar letter={initial(name ?? '#')} />
          </span>
          <p className="mt-2 text-xl font-bold tall:mt-4">{name ?? t('phone.unregistered')}</p>
          <p className="text-base text-slate-600">{showNumber(from)}</p>
          <p aria-hidden="true" className="text-2xl leading-none tall:my-2 text-slate-400">
            ↓
          </p>
          <p className="text-2xl font-bold">{showNumber(to)}</p>
          <p
            role="status"
            data-testid="phone-state"
            data-state={state}
            className={cx(
              'mt-1 text-xl tall:mt-4 font-bold',
              state === 'answered' ? 'text-emerald-800' : 'text-slate-800',
            )}
          >
            {state === 'ended' ? endText(view.cause, t) : t(`phone.state.${state}`)}
          </p>
          <p className="h-9 text-3xl font-bold">
            {state === 'answered' && answeredAt !== null && <Ticking text={() => timer(Date.now() - answeredAt)} />}
          </p>
        </div>
        <div className="mt-2 tall:mt-4">{children}</div>
      </div>
    </section>
  );
}

function endText(cause: string | null, t: Translate): string {
  for (const key of [`phone.ended.${cause}`, `error.${cause}`]) {
    if (isWordKey(key)) return t(key as 'phone.ended.normal');
  }
  return t('phone.ended.normal');
}
