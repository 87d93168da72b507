import { Phone, PhoneOff, Route } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { DeskState } from '@denwaban/core/wire';
import { Button } from '../kit/button.js';
import { Ticking } from '../kit/ticker.js';
import { callerName, useWords } from '../words/index.js';
import { CallerHead, OwnerLine } from './caller-facts.js';
import { useConnectionView, usePhone, usePhoneView } from './desk-session.js';
import { RingTime } from './ring-time.js';
import { useContacts } from './use-contacts.js';
import { ContactLines } from './contact-lines.js';
import { useRinging } from './use-ringing.js';
import { takesText } from './use-shortcuts.js';

type Offer = NonNullable<DeskState['offer']>;

/** A call that rings: who, about what, why me. Large, at the place where the eyes are. */
export function IncomingCall({ offer }: { offer: Offer }) {
  const { t } = useWords();
  const phone = usePhone();
  const me = useConnectionView((view) => view.me?.id);
  const answering = usePhoneView((view) => view.answering === offer.reservation);
  const card = useRef<HTMLElement>(null);
  const { caller, reservation } = offer;
  const contacts = useContacts(caller.customer?.id, caller.conversation);
  useRinging(offer);

  // The card, never its button: an Enter that was meant for a note must not answer. Somebody who types is left in peace.
  useEffect(() => {
    if (!takesText(document.activeElement)) card.current?.focus({ preventScroll: true });
  }, [reservation]);

  return (
    <section
      ref={card}
      role="alertdialog"
      tabIndex={-1}
      data-testid="incoming-call"
      aria-label={t('offer.label', { name: callerName(caller, t) })}
      className="animate-arrive overflow-hidden rounded-2xl border-4 border-violet-600 bg-white shadow-xl outline-none"
    >
      <RingTime offer={offer} />
      <div className="p-5 pt-4">
        <CallerHead caller={caller} />
        <div className="mt-3 flex flex-col gap-2 border-t border-slate-200 pt-3">
          <OwnerLine caller={caller} me={me} />
          <p className="flex items-start gap-2 text-base text-slate-700">
            <Route size={18} aria-hidden="true" className="mt-1 shrink-0 text-slate-500" />
            <span>{t(`offer.because.${offer.because}`)}</span>
          </p>
        </div>
        <div className="mt-4 grid grid-cols-[1fr_2fr] gap-3">
          <Button
            data-testid="decline"
            size="large"
            className="min-h-20 text-lg"
            disabled={answering}
            onClick={() => phone.decline(reservation)}
          >
            <PhoneOff size={22} aria-hidden="true" />
            {t('offer.decline')}
          </Button>
          <Button
            data-testid="answer"
            look="go"
            size="large"
            className="min-h-20 flex-col gap-0 text-2xl"
            disabled={answering}
            onClick={() => phone.answer(reservation)}
          >
            <span className="flex items-center gap-3">
              <Phone size={28} aria-hidden="true" className="animate-ring" />
              {answering ? t('call.connecting') : t('offer.answer')}
            </span>
            <kbd className="font-sans text-xs font-normal">Ctrl+Shift+A</kbd>
          </Button>
        </div>
        <p className="sr-only">
          <Ticking
            text={(now) => t('offer.seconds-left', { n: Math.max(0, Math.ceil((offer.expiresAt - now) / 1000)) })}
          />
        </p>
        {contacts && (
          <div className="mt-4 border-t border-slate-200 pt-3">
            <h3 className="text-sm font-bold text-slate-700">{t('offer.last-contacts')}</h3>
            {contacts.items.length === 0 ? (
              <p className="mt-1 text-base text-slate-700">{t('offer.first-contact')}</p>
            ) : (
              <ContactLines items={contacts.items.slice(0, 3)} compact />
            )}
          </div>
        )}
      </div>
    </section>
  );
}
