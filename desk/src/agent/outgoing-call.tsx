import { PhoneOff, PhoneOutgoing } from 'lucide-react';
import type { ReactNode } from 'react';
import type { DeskState } from '@denwaban/core/wire';
import { Button } from '../kit/button.js';
import { Card } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { Ticking } from '../kit/ticker.js';
import { callerName, timer, useWords } from '../words/index.js';
import { CallerName, OwnerLine } from './caller-facts.js';
import { readDialled } from './call-out.js';
import type { UnderWay } from './calling-out.js';
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
  return (
    <Outgoing
      state={call.state}
      label={t('call-out.label', { name: callerName(caller, t) })}
      title={t(ringing ? 'call-out.ringing' : 'call-out.calling')}
      aside={<Ticking className="text-2xl font-bold" text={(now) => timer(now - call.startedAt)} />}
      hint={t(ringing ? 'call-out.ringing-hint' : 'call-out.calling-hint')}
      onCancel={() => phone.hangUp(caller.conversation)}
    >
      <CallerName caller={caller} />
      <div className="mt-2">
        <OwnerLine caller={caller} me={me} />
      </div>
    </Outgoing>
  );
}

/** A call that is being asked for. Who is away sees here that their line is opened first, and may still think better of it. */
export function BeforeTheCall({ asked }: { asked: UnderWay }) {
  const { t } = useWords();
  const phone = usePhone();
  const opening = asked.state === 'opening';
  const shown = readDialled(asked.number)?.shown ?? asked.number;
  return (
    <Outgoing
      state={asked.state}
      label={t('call-out.label', { name: shown })}
      title={t(opening ? 'call-out.opening' : 'call-out.calling')}
      hint={t(opening ? 'call-out.opening-hint' : 'call-out.calling-hint')}
      onCancel={opening ? () => phone.forgetCallOut() : null}
    >
      <p className="mt-3 text-[2rem] leading-tight font-bold break-words">{shown}</p>
    </Outgoing>
  );
}

interface OutgoingProps {
  state: Call['state'] | UnderWay['state'];
  label: string;
  title: string;
  aside?: ReactNode;
  hint: string;
  /** Null: it cannot be cancelled before the server knows of it. */
  onCancel: (() => void) | null;
  children: ReactNode;
}

function Outgoing({ state, label, title, aside, hint, onCancel, children }: OutgoingProps) {
  const { t } = useWords();
  useShortcuts(onCancel ? { 'hang-up': onCancel } : {});
  return (
    <Card
      data-testid="outgoing-call"
      data-state={state}
      aria-label={label}
      className="border-t-8 border-rose-600 p-4 tall:p-5"
    >
      <div className="flex items-center justify-between gap-3">
        <p role="status" className="flex items-center gap-2 text-xl font-bold">
          <PhoneOutgoing
            size={22}
            aria-hidden="true"
            className={cx('shrink-0', state === 'ringing' && 'animate-ring motion-reduce:animate-none')}
          />
          {title}
        </p>
        {aside}
      </div>
      {children}
      <p className="mt-2 text-base text-slate-700">{hint}</p>
      <Button
        data-testid="hang-up"
        look="stop"
        size="large"
        className="mt-4 w-full"
        disabled={onCancel === null}
        onClick={() => onCancel?.()}
      >
        <PhoneOff size={24} aria-hidden="true" />
        {t('call-out.cancel')}
        <kbd className="font-sans text-xs">Ctrl+Shift+X</kbd>
      </Button>
    </Card>
  );
}
