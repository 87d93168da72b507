import { useDeskState, usePhone, usePhoneView } from '../agent/desk-session.js';
import { useHasDrafts } from '../agent/drafts.js';
import { Button } from '../kit/button.js';
import { Notice } from '../kit/notice.js';
import { useWords } from '../words/index.js';
import { useReload } from '../link/use-reload.js';

/** The server has another build: the page reloads as soon as nobody would be disturbed by it. Never in a call. */
export function VersionBanner() {
  const { t } = useWords();
  const { connection } = usePhone();
  const desk = useDeskState();
  const answering = usePhoneView((view) => view.answering !== null);
  const drafts = useHasDrafts();
  const quiet = desk !== null && !desk.call && !desk.offer && !desk.wrapUp && !answering && !drafts;
  const reload = useReload(connection.store, quiet);
  if (reload === 'current' || (reload === 'waiting' && quiet)) return null;
  if (reload === 'waiting') return <Notice look="info" title={t('version.update-waiting')} />;
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
