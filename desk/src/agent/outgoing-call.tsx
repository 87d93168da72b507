import { PhoneOff, PhoneOutgoing } from 'lucide-react';
import type { DeskState } from '@denwaban/core/wire';
import { Button } from '../kit/button.js';
import { Card } from '../kit/card.js';
import { Ticking } from '../kit/ticker.js';
import { callerName, timer, useWords } from '../words/index.js';
import { CallerName, OwnerLine } from './caller-facts.js';
import { useConnectionView, usePhone } from './desk-session.js';
import { useShortcuts } from './use-shortcuts.js';

type Call = NonNullable<DeskState['call']>;

/** A call of ours that nobody has answered yet: whom, at which number, for how long; and the way out of it. */
export function OutgoingCall({ call }: { call: Call }) {
  const { t } = useWords();
  const phone = usePhone();
  const me = useConnectionView((view) => view.me?.id);
  const { caller } = call;
  const ringing = call.state === 'ringing';
  const cancel = () => phone.hangUp(caller.conversation);
  useShortcuts({ 'hang-up': cancel });
  return (
    <Card
      data-testid="outgoing-call"
      data-state={call.state}
      aria-label={t('call-out.label', { name: callerName(caller, t) })}
      className="border-t-8 border-rose-600 p-4 tall:p-5"
    >
      <div className="flex items-center justify-between gap-3">
        <p role="status" className="flex items-center gap-2 text-xl font-bold">
          <PhoneOutgoing
            size={22}
            aria-hidden="true"
            className={ringing ? 'shrink-0 animate-ring motion-reduce:animate-none' : 'shrink-0'}
          />
          {t(ringing ? 'call-out.ringing' : 'call-out.calling')}
        </p>
        <Ticking className="text-2xl font-bold" text={(now) => timer(now - call.startedAt)} />
      </div>
      <CallerName caller={caller} />
      <div className="mt-2">
        <OwnerLine caller={caller} me={me} />
      </div>
      <p className="mt-2 text-base text-slate-700">{t(ringing ? 'call-out.ringing-hint' : 'call-out.calling-hint')}</p>
      <Button data-testid="hang-up" look="stop" size="large" className="mt-4 w-full" onClick={cancel}>
        <PhoneOff size={24} aria-hidden="true" />
        {t('call-out.cancel')}
        <kbd className="font-sans text-xs">Ctrl+Shift+X</kbd>
      </Button>
    </Card>
  );
}
