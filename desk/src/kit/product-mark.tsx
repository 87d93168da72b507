import { useWords } from '../words/index.js';

export function ProductMark() {
  const { t } = useWords();
  return (
    <span className="flex items-center gap-2.5 text-xl font-bold whitespace-nowrap">
      <img src="/icon.svg" alt="" className="size-10" />
      {t('product.name')}
    </span>
  );
}
