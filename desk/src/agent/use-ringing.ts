/** What makes an incoming call noticed: sound, the page's title, a notification; and the word to the server that it rings. */
import { useEffect } from 'react';
import type { DeskState } from '@denwaban/core/wire';
import { flashTitle } from '../kit/title.js';
import { steadyTimers } from '../kit/steady-timers.js';
import { callerName, callerNumber, currentWords } from '../words/index.js';
import { usePhone, usePhoneView } from './desk-session.js';
import { ring } from './ringer.js';

type Offer = NonNullable<DeskState['offer']>;

/** For the component that draws the card: its effect runs when the card is in the page, and only then is it ringing. */
export function useRinging(offer: Offer): void {
  const phone = usePhone();
  const here = usePhoneView((view) => view.place === 'here');
  const answering = usePhoneView((view) => view.answering === offer.reservation);
  const { reservation, caller } = offer;

  useEffect(() => {
    if (here) phone.ringing(reservation);
  }, [phone, here, reservation]);

  useEffect(() => {
    if (!here || answering) return;
    const quiet = ring();
    const name = callerName(caller, currentWords().t);
    const title = currentWords().t('offer.document-title', { name });
    let on = true;
    flashTitle(title);
    const stopFlash = steadyTimers().every(1_000, () => {
      on = !on;
      flashTitle(on ? title : null);
    });
    const notification = notify(caller);
    return () => {
      quiet();
      stopFlash();
      flashTitle(null);
      notification?.close();
    };
    // `caller` is a new object with every message; the reservation names the call.
  }, [here, answering, reservation]);
}

/** Asked in the click on "go available", so that the first call is not the moment of the question. */
export function askToNotify(): void {
  if ('Notification' in globalThis && Notification.permission === 'default') void Notification.requestPermission();
}

function notify(caller: Offer['caller']): Notification | null {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return null;
  const { t } = currentWords();
  try {
    const notification = new Notification(t('offer.notification-title', { name: callerName(caller, t) }), {
      body: t('offer.notification-body', { to: caller.toName, number: callerNumber(caller, t) }),
      requireInteraction: true,
      tag: caller.conversation,
    });
    notification.onclick = () => window.focus();
    return notification;
  } catch {
    return null; // browsers that only allow notifications from a service worker
  }
}
