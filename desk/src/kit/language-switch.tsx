import { Languages } from 'lucide-react';
import { cx } from './cx.js';
import { setLocale, useWords } from '../words/index.js';

/** One press goes to the other language; its name is written in itself, so that everybody finds back. */
export function LanguageSwitch({ stacked = false }: { stacked?: boolean }) {
  const { t, locale } = useWords();
  const other = locale === 'ja' ? 'en' : 'ja';
  return (
    <button
      type="button"
      lang={other}
      data-testid="language"
      onClick={() => setLocale(other)}
      title={t('language.switch')}
      className={cx(
        'inline-flex min-h-10 items-center gap-1.5 rounded-lg px-2 font-semibold whitespace-nowrap text-slate-700 hover:bg-slate-200',
        stacked ? 'flex-col text-xs' : 'text-sm',
      )}
    >
      <Languages size={stacked ? 22 : 18} aria-hidden="true" />
      {t(`language.${other}`)}
    </button>
  );
}
