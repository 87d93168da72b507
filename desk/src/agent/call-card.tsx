import { CircleDot, Grid3x3, Mic, MicOff, Pause, PhoneOff, Play, SquarePen } from 'lucide-react';
import { useRef, useState } from 'react';
import type { DeskState } from '@denwaban/core/wire';
import { ToolButton } from '../kit/button.js';
import { Card } from '../kit/card.js';
import { useWords } from '../words/index.js';
import { CallHints } from './call-hints.js';
import { CallerHead, OwnerLine } from './caller-facts.js';
import { useConnectionView, useLineView, usePhone } from './desk-session.js';
import { Keypad } from './keypad.js';
import { NoteField } from './note-field.js';
import { useShortcuts } from './use-shortcuts.js';

type Call = NonNullable<DeskState['call']>;

/** The call that is going on, and everything one does in it. */
export function CallCard({ call }: { call: Call }) {
  const { t } = useWords();
  const phone = usePhone();
  const me = useConnectionView((view) => view.me?.id);
  const muted = useLineView((view) => view.muted);
  const [keys, setKeys] = useState(false);
  const note = useRef<HTMLTextAreaElement>(null);
  const { caller } = call;
  const { conversation } = caller;
  const held = call.state === 'held';
  const connecting = call.state === 'connecting';
  const toggleMute = () => phone.mute(conversation, !muted);
  const toggleHold = () => phone.hold(conversation, !held);
  useShortcuts({
    mute: toggleMute,
    hold: connecting ? () => undefined : toggleHold,
    note: () => note.current?.focus(),
    'hang-up': () => phone.hangUp(conversation),
  });

  return (
    <Card aria-label={t('call.title')} className="p-4 tall:p-5">
      <CallerHead caller={caller} direction={call.direction} until={call.startedAt} />
      <div className="mt-2 flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <OwnerLine caller={caller} me={me} />
        {call.recording && (
          <span className="flex items-center gap-1.5 text-sm font-semibold text-rose-700">
            <CircleDot size={16} aria-hidden="true" />
            {t('call.recording')}
          </span>
        )}
      </div>
      <div className="mt-3 grid grid-cols-4 gap-2">
        <ToolButton
          data-testid="mute"
          aria-pressed={muted}
          look={muted ? 'on' : 'quiet'}
          icon={muted ? <MicOff size={22} aria-hidden="true" /> : <Mic size={22} aria-hidden="true" />}
          label={t('call.mute')}
          hint="M"
          onClick={toggleMute}
        />
        <ToolButton
          data-testid="hold"
          aria-pressed={held}
          look={held ? 'on' : 'quiet'}
          disabled={connecting}
          icon={held ? <Play size={22} aria-hidden="true" /> : <Pause size={22} aria-hidden="true" />}
          label={held ? t('call.resume') : t('call.hold')}
          hint="H"
          onClick={toggleHold}
        />
        <ToolButton
          data-testid="keypad"
          aria-expanded={keys}
          look={keys ? 'on' : 'quiet'}
          icon={<Grid3x3 size={22} aria-hidden="true" />}
          label={t('call.keypad')}
          hint="0-9"
          onClick={() => setKeys(!keys)}
        />
        <ToolButton
          icon={<SquarePen size={22} aria-hidden="true" />}
          label={t('call.note')}
          hint="N"
          onClick={() => note.current?.focus()}
        />
        <ToolButton
          data-testid="hang-up"
          look="stop"
          wide
          className="col-span-4"
          icon={<PhoneOff size={26} aria-hidden="true" />}
          label={t('call.hang-up')}
          hint="Ctrl+Shift+X"
          onClick={() => phone.hangUp(conversation)}
        />
      </div>
      {muted && (
        <p
          role="status"
          className="mt-3 flex items-center gap-2 rounded-lg bg-amber-50 px-3 py-2 font-bold text-amber-950"
        >
          <MicOff size={18} aria-hidden="true" />
          {t('call.muted-hint')}
        </p>
      )}
      <CallHints call={call} />
      {keys && <Keypad focus onDigit={(digit) => phone.digits(conversation, digit)} />}
      <NoteField ref={note} conversation={conversation} hint={t('call.note-hint')} rows={2} />
    </Card>
  );
}
