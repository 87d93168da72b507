import { useEffect, useState } from 'react';
import { useConnectionView, useDeskState, usePhoneView } from '../agent/desk-session.js';
import { hasDrafts } from '../agent/drafts.js';
import { Button } from '../kit/button.js';
import { Notice } from '../kit/notice.js';
import { useWords } from '../words/index.js';
import { thisBuild } from './build.js';
import { mayReload, readMark, writeMark } from './reload-guard.js';

/** The server has another build: the page reloads as soon as nobody would be disturbed by it. Never in a call. */
export function VersionBanner() {
  const { t } = useWords();
  const outdated = useConnectionView((view) => view.outdated);
  const build = useConnectionView((view) => view.serverBuild);
  const desk = useDeskState();
  const answering = usePhoneView((view) => view.answering !== null);
  const [stuck, setStuck] = useState(false);
  const quiet = desk !== null && !desk.call && !desk.offer && !desk.wrapUp && !answering;
  useEffect(() => {
    if (!outdated || !build || !quiet || thisBuild() === 'development' || hasDrafts()) return;
    const now = Date.now();
    if (mayReload(readMark(), build, now) && writeMark({ build, at: now })) location.reload();
    else setStuck(true);
  }, [outdated, build, quiet]);
  if (!outdated || thisBuild() === 'development') return null;
  if (!stuck) return quiet ? null : <Notice look="info" title={t('version.update-waiting')} />;
  return (
    <Notice
      look="warning"
      title={t('version.update-stuck')}
      action={
        <Button look="outline" size="small" onClick={() => location.reload()}>
          {t('common.reload')}
        </Button>
      }
    />
  );
}
