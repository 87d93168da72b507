import { PhoneIncoming, PhoneOutgoing, UserRoundCheck } from 'lucide-react';
import type { CallerView, Direction } from '@denwaban/core/wire';
import { Ticking } from '../kit/ticker.js';
import { callerName, callerNumber, timer, useWords } from '../words/index.js';

interface CallerHeadProps {
  caller: CallerView;
  direction?: Direction;
  /** Until when the waiting time runs; it goes on while undefined. */
  until?: number;
}

/** Who calls: the number of the company that was dialled (why), how long they have waited, the name, the number. */
export function CallerHead({ caller, direction = 'inbound', until }: CallerHeadProps) {
  const { t } = useWords();
  const out = direction === 'outbound';
  const Icon = out ? PhoneOutgoing : PhoneIncoming;
  const ours = t(out ? 'call-out.from' : 'caller.to', { name: caller.toName });
  return (
    <>
      <div className="flex items-center justify-between gap-3">
        <span
          data-testid="direction"
          data-direction={direction}
          className="flex min-w-0 items-center gap-2 rounded-lg bg-slate-800 px-2.5 py-1 text-base font-bold text-white"
        >
          <Icon size={16} aria-hidden="true" className="shrink-0" />
          <span className="truncate">{out && caller.toName === '' ? t('direction.outbound') : ours}</span>
        </span>
        {!out && (
          <Ticking
            className="shrink-0 text-base text-slate-700"
            text={(now) => t('caller.waiting', { time: timer((until ?? now) - caller.waitingSince) })}
          />
        )}
      </div>
      <CallerName caller={caller} />
    </>
  );
}

/** The name as large as it must be, and the number. */
export function CallerName({ caller }: { caller: CallerView }) {
  const { t } = useWords();
  return (
    <div className="mt-3">
      {caller.customer?.kana && <p className="text-sm text-slate-600">{caller.customer.kana}</p>}
      <p data-testid="caller-name" className="text-[2rem] leading-tight font-bold break-words">
        {callerName(caller, t)}
      </p>
      <p className="text-2xl text-slate-700">{caller.customer ? callerNumber(caller, t) : t('caller.unknown')}</p>
    </div>
  );
}

/** Whose customer this is. */
export function OwnerLine({ caller, me }: { caller: CallerView; me: string | undefined }) {
  const { t } = useWords();
  if (!caller.customer) return null;
  const own = caller.owner && caller.owner.id === me;
  return (
    <p className="flex items-center gap-2 text-base text-slate-700">
      <UserRoundCheck size={18} aria-hidden="true" className="shrink-0 text-slate-500" />
      {t('caller.owner')}
      <span className="font-bold text-slate-900">
        {caller.owner ? `${caller.owner.name}${own ? `（${t('caller.you')}）` : ''}` : t('caller.no-owner')}
      </span>
    </p>
  );
}
