import { Button } from '../kit/button.js';
import { Notice } from '../kit/notice.js';
import { codeText } from '../link/error-text.js';
import { useEffect, useState } from 'react';
import { useWords } from '../words/index.js';
import { useConnectionView, useDeskState, useLineView, usePhone, usePhoneView } from './desk-session.js';
import { wakeRinger } from './ringer.js';

/** What stands between this person and a call, and what to do about it. Empty when all is well. */
export function LineBanner() {
  const { t } = useWords();
  const phone = usePhone();
  const place = usePhoneView((view) => view.place);
  const lost = useConnectionView((view) => view.link === 'lost');
  const problem = useLineView((view) => view.problem);
  const phase = useLineView((view) => view.phase);
  const says = useDeskState()?.presence.says;
  const asking = useLong(phase === 'asking', 700);
  const trouble = useLong(phase === 'trouble' || (phase === 'opening' && says === 'available'), 1_500);
  const disconnected = useLong(lost, 800);

  if (disconnected) return <Notice look="warning" title={t('line.server-lost')} hint={t('line.server-lost-hint')} />;
  if (place === 'elsewhere' || place === 'replaced') {
    const takeOver = () => {
      wakeRinger();
      phone.takeOver();
    };
    return (
      <Notice
        look="info"
        title={t(place === 'elsewhere' ? 'line.elsewhere' : 'line.replaced')}
        hint={t('line.elsewhere-hint')}
        action={
          <Button look="outline" size="small" data-testid="take-over" onClick={takeOver}>
            {t('line.take-over')}
          </Button>
        }
      />
    );
  }
  if (problem) {
    return <Notice look="problem" title={t(`microphone.problem.${problem}`)} hint={t(`microphone.mend.${problem}`)} />;
  }
  if (asking) return <Notice look="info" title={t('microphone.asking')} hint={t('microphone.asking-hint')} />;
  if (trouble) return <Notice look="warning" title={t('line.trouble')} hint={t('line.trouble-hint')} />;
  return <Refusal />;
}

/** The server said no to something one pressed: shown for a few seconds. */
function Refusal() {
  const { t } = useWords();
  const refusal = usePhoneView((view) => view.refusal);
  const [seen, setSeen] = useState<number | null>(null);
  useEffect(() => {
    if (!refusal) return;
    const timer = setTimeout(() => setSeen(refusal.at), 6_000);
    return () => clearTimeout(timer);
  }, [refusal]);
  if (!refusal || seen === refusal.at) return null;
  return <Notice look="warning" title={codeText(refusal.code, t)} />;
}

/** True when `now` has been true for a while: what mends itself at once is not worth a word. */
function useLong(now: boolean, ms: number): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!now) return setLong(false);
    const timer = setTimeout(() => setLong(true), ms);
    return () => clearTimeout(timer);
  }, [now, ms]);
  return long;
}
