import { useWords } from '../words/index.js';

/** Stands where something will be as soon as the server has answered. */
export function Loading() {
  const { t } = useWords();
  return (
    <p role="status" className="p-8 text-slate-600">
      {t('common.loading')}
    </p>
  );
}
