import type { ImportResult } from '@denwaban/core/wire';
import { Fact } from '../kit/card.js';
import { useWords } from '../words/index.js';

const shownMax = 200;

export function ImportSummary({ result }: { result: ImportResult }) {
  const { t } = useWords();
  return (
    <dl className="grid grid-cols-5 gap-2">
      <Fact label={t('import.rows')}>{result.rows}</Fact>
      <Fact label={t('import.created')}>{result.created}</Fact>
      <Fact label={t('import.updated')}>{result.updated}</Fact>
      <Fact label={t('import.unchanged')}>{result.unchanged}</Fact>
      <Fact label={t('import.problems')}>
        <span className={result.problems.length > 0 ? 'text-rose-700' : ''}>{result.problems.length}</span>
      </Fact>
    </dl>
  );
}

/** What is wrong, row by row, in words. */
export function ImportProblems({ result }: { result: ImportResult }) {
  const { t } = useWords();
  const { problems } = result;
  return (
    <>
      <table className="w-full text-left">
        <thead className="border-b border-slate-300 text-sm text-slate-600">
          <tr>
            <th scope="col" className="w-20 py-2 pr-4 text-right">
              {t('import.problem-row')}
            </th>
            <th scope="col" className="py-2 pr-4">
              {t('import.problem-what')}
            </th>
            <th scope="col" className="py-2 pr-4">
              {t('import.problem-column')}
            </th>
            <th scope="col" className="py-2">
              {t('import.problem-value')}
            </th>
          </tr>
        </thead>
        <tbody>
          {problems.slice(0, shownMax).map((problem, index) => (
            <tr key={`${problem.row} ${problem.code} ${index}`} className="border-b border-slate-200 align-top">
              <td className="py-2 pr-4 text-right font-bold">{problem.row}</td>
              <td className="py-2 pr-4">{t(`import.problem.${problem.code}`)}</td>
              <td className="py-2 pr-4 font-mono text-sm">{problem.column}</td>
              <td className="max-w-60 truncate py-2 font-mono text-sm">{problem.value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {problems.length > shownMax && (
        <p className="font-semibold">{t('import.problems-more', { n: problems.length - shownMax })}</p>
      )}
    </>
  );
}
