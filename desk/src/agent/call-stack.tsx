import type { DeskState } from '@denwaban/core/wire';
import { isUnderWay } from './calling-out.js';
import { usePhone, usePhoneView } from './desk-session.js';
import { CallCard } from './call-card.js';
import { CallOutNews } from './call-out-news.js';
import { IncomingCall } from './incoming-call.js';
import { BeforeTheCall, OutgoingCall } from './outgoing-call.js';
import { useShortcuts } from './use-shortcuts.js';
import { WrapUpCard } from './wrap-up-card.js';

/** Whatever is going on with a customer now. Keyed by conversation: a new call never inherits the last one's state. */
export function CallStack({ desk }: { desk: DeskState }) {
  const phone = usePhone();
  const { offer, call, wrapUp } = desk;
  const asked = usePhoneView((view) => (isUnderWay(view.callOut) ? view.callOut : null));
  useShortcuts(offer ? { answer: () => phone.answer(offer.reservation) } : {});
  return (
    <>
      {offer && <IncomingCall key={offer.reservation} offer={offer} />}
      {call && <Call key={call.caller.conversation} call={call} />}
      {wrapUp && !call && <WrapUpCard key={wrapUp.caller.conversation} wrapUp={wrapUp} />}
      {!offer && !call && (asked ? <BeforeTheCall asked={asked} /> : <CallOutNews />)}
    </>
  );
}

function Call({ call }: { call: NonNullable<DeskState['call']> }) {
  const unanswered = call.state === 'calling' || call.state === 'ringing';
  return unanswered ? <OutgoingCall call={call} /> : <CallCard call={call} />;
}
