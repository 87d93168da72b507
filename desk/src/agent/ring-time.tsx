import { PhoneIncoming } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { DeskState } from '@denwaban/core/wire';
import { serverNow } from '../kit/server-clock.js';
import { onSecond, Ticking } from '../kit/ticker.js';
import { useWords } from '../words/index.js';

/** The head of a ringing card: how long it will go on ringing here, as a number and as a bar that runs out. */
export function RingTime({ offer }: { offer: NonNullable<DeskState['offer']> }) {
  const { t } = useWords();
  const bar = useRef<HTMLDivElement>(null);
  const { offeredAt, expiresAt } = offer;
  useEffect(() => {
    const draw = () => {
      const left = Math.min(1, Math.max(0, (expiresAt - serverNow()) / Math.max(1, expiresAt - offeredAt)));
      if (bar.current) bar.current.style.transform = `scaleX(${left})`;
    };
    draw();
    return onSecond(draw);
  }, [offeredAt, expiresAt]);
  return (
    <div className="bg-violet-700 text-white">
      <div className="flex items-center gap-3 px-5 py-2.5">
        <PhoneIncoming size={24} aria-hidden="true" className="animate-ring" />
        <h2 className="flex-1 text-xl font-bold">{t('offer.title')}</h2>
        <span aria-hidden="true" className="text-lg font-bold">
          <Ticking text={(now) => t('offer.seconds-left', { n: Math.max(0, Math.ceil((expiresAt - now) / 1000)) })} />
        </span>
      </div>
      <div className="h-1.5 bg-violet-900">
        <div ref={bar} className="h-full origin-left bg-amber-300 transition-transform duration-1000 ease-linear" />
      </div>
    </div>
  );
}
