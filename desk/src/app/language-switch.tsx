import { Languages } from 'lucide-react';
import { setLocale, useWords } from '../words/index.js';

/** One press goes to the other language; its name is written in itself, so that everybody finds back. */
export function LanguageSwitch() {
  const { t, locale } = useWords();
  const other = locale === 'ja' ? 'en' : 'ja';
  return (
    <button
      type="button"
      lang={other}
      onClick={() => setLocale(other)}
      title={t('language.switch')}
      className="inline-flex min-h-10 items-center gap-1.5 rounded-lg px-3 text-sm font-semibold whitespace-nowrap text-slate-700 hover:bg-slate-200"
    >
      <Languages size={18} aria-hidden="true" />
      {t(`language.${other}`)}
    </button>
  );
}
