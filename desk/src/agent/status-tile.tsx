import { Check, Phone as PhoneIcon, type LucideIcon } from 'lucide-react';
import { useState, type ComponentProps } from 'react';
import type { AwayReason, DeskState } from '@denwaban/core/wire';
import { Button } from '../kit/button.js';
import { cx } from '../kit/cx.js';
import { reasonIcon, stateLook } from '../kit/state-look.js';
import { Ticking } from '../kit/ticker.js';
import { timer, useWords, type Translate } from '../words/index.js';
import { useConnectionView, usePhone } from './desk-session.js';
import { wakeRinger } from './ringer.js';
import { askToNotify } from './use-ringing.js';

const awayReasons = ['break', 'lunch', 'meeting', 'training', 'other'] as const satisfies readonly AwayReason[];

/** One's own state, readable from across the room: colour, icon, word and how long it has lasted. */
export function StatusTile({ desk }: { desk: DeskState }) {
  const { t } = useWords();
  const { presence } = desk;
  const look = stateLook(presence);
  const Icon = look.icon;
  // A call that is connecting or on hold has lasted since the call began, not since the last change within it.
  const since = desk.call ? desk.call.startedAt : presence.since;
  return (
    <div className={cx('flex items-center gap-4 rounded-2xl px-5 py-4 shadow-card transition-colors', look.strong)}>
      <Icon size={44} strokeWidth={2.2} aria-hidden="true" className="shrink-0" />
      <div className="min-w-0 flex-1" role="status" aria-label={t('status.title')}>
        <p
          data-testid="status"
          data-state={presence.state}
          className="text-[2.75rem] leading-[1.15] font-bold tracking-tight whitespace-nowrap"
        >
          {rings(desk) ? t('call-out.calling') : t(`state.${presence.state}`)}
        </p>
        <p className="text-base leading-snug">{subline(desk, t)}</p>
      </div>
      <Ticking className="shrink-0 text-4xl font-bold" text={(now) => timer(now - since)} />
    </div>
  );
}

/** We called, and nobody has answered yet. */
const rings = ({ call }: DeskState) => call?.state === 'calling' || call?.state === 'ringing';

/** The line under the word: what it means, or what comes next. */
function subline(desk: DeskState, t: Translate): string {
  const { presence, call } = desk;
  switch (presence.state) {
    case 'talking': {
      const next =
        presence.says === 'away' && presence.reason ? t(`reason.${presence.reason}`) : t('status.next-wrap-up');
      if (rings(desk)) return t(call?.state === 'ringing' ? 'call-out.ringing' : 'call-out.calling-hint');
      if (call?.state === 'held') return t('status.held');
      return t('status.next', { what: next });
    }
    case 'wrap-up':
    case 'offered':
      if (presence.says === 'away' && presence.reason)
        return t('status.next', { what: t(`reason.${presence.reason}`) });
      return presence.state === 'wrap-up' ? t('status.next', { what: t('state.available') }) : '';
    case 'away':
      if (presence.reason === 'no-answer') return t('status.no-answer-hint');
      return presence.reason ? `${t(`reason.${presence.reason}`)} · ${t('status.away-hint')}` : t('status.away-hint');
    case 'available':
      return t('status.waiting-for-call');
    case 'connecting':
      return t('status.proving');
    case 'offline':
      return t('status.away-hint');
  }
}

/** What one says oneself: available, or away and why. In a call it is one row, for what comes after the call. */
export function PresenceButtons({ desk }: { desk: DeskState }) {
  const { t } = useWords();
  const phone = usePhone();
  const open = useConnectionView((view) => view.link === 'open');
  const [asking, setAsking] = useState(false);
  const { presence } = desk;
  const busy = presence.state === 'talking' || presence.state === 'wrap-up' || presence.state === 'offered';
  // Pressing it again does no harm: it is also the click that a browser wants before sound and microphone.
  const on = presence.says === 'available';
  const goAvailable = async () => {
    wakeRinger();
    askToNotify();
    setAsking(true);
    await phone.goAvailable().finally(() => setAsking(false));
  };
  const available = { 'data-testid': 'go-available', 'aria-pressed': on, disabled: !open || asking } as const;
  return (
    <div className={busy ? 'grid grid-cols-6 gap-1.5' : 'flex flex-col gap-2'}>
      {busy ? (
        <Choose
          {...available}
          aria-label={t('status.after-call', { what: t('state.available') })}
          chosen={on ? 'bg-emerald-700 text-white' : null}
          icon={on ? Check : PhoneIcon}
          label={t('state.available')}
          onClick={() => void goAvailable()}
        />
      ) : (
        <Button
          {...available}
          look={on ? 'outline' : 'go'}
          size={on ? 'medium' : 'large'}
          onClick={() => void goAvailable()}
        >
          {on ? <Check size={20} aria-hidden="true" /> : <PhoneIcon size={22} aria-hidden="true" />}
          {t(on ? 'state.available' : 'status.go-available')}
        </Button>
      )}
      <div
        role="group"
        aria-label={t('status.go-away')}
        className={cx('grid grid-cols-5 gap-1.5', busy && 'col-span-5')}
      >
        {awayReasons.map((reason) => {
          const chosen = presence.says === 'away' && presence.reason === reason;
          return (
            <Choose
              key={reason}
              aria-pressed={chosen}
              disabled={!open}
              chosen={chosen ? 'bg-slate-700 text-white' : null}
              icon={reasonIcon(reason)}
              label={t(`reason.${reason}`)}
              onClick={() => phone.goAway(reason)}
            />
          );
        })}
      </div>
    </div>
  );
}

interface ChooseProps extends ComponentProps<'button'> {
  icon: LucideIcon;
  label: string;
  /** How it looks when it is what holds; null when it is not. */
  chosen: string | null;
}

function Choose({ icon: Icon, label, chosen, ...rest }: ChooseProps) {
  return (
    <button
      type="button"
      className={cx(
        'flex min-h-14 min-w-0 flex-col items-center justify-center gap-0.5 rounded-xl text-[0.8125rem] font-semibold tracking-tight',
        chosen ?? 'bg-white text-slate-800 shadow-card hover:bg-slate-50 disabled:opacity-50',
      )}
      {...rest}
    >
      <Icon size={18} aria-hidden="true" />
      <span className="max-w-full truncate">{label}</span>
    </button>
  );
}
