import { useMutation } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { CircleCheckBig, FileSpreadsheet, FileUp } from 'lucide-react';
import { useRef, useState } from 'react';
import { BackLink } from '../kit/back-link.js';
import { api } from '../link/api.js';
import { Failure } from '../link/failure.js';
import { queries } from '../link/queries.js';
import { usePageTitle } from '../kit/title.js';
import { Button } from '../kit/button.js';
import { Card, CardTitle } from '../kit/card.js';
import { Notice } from '../kit/notice.js';
import { useWords } from '../words/index.js';
import { ImportProblems, ImportSummary } from './import-result.js';
import { decodeCsv, type ReadFile } from './read-csv.js';

/** As the server takes it. */
const bytesMax = 64 * 1024 * 1024;

interface Chosen extends ReadFile {
  file: string;
}

/** A list of customers: chosen, checked without changing anything, and only then taken in. */
export function ImportPage() {
  const { t } = useWords();
  usePageTitle(t('import.title'));
  const { me } = useRouteContext({ from: '/signed-in' });
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [tooLarge, setTooLarge] = useState(false);
  const check = useMutation({ mutationFn: (csv: string) => api.importCustomers(csv, true) });
  const run = useMutation({
    mutationFn: (csv: string) => api.importCustomers(csv, false),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['customers'] }),
  });

  const choose = async (file: File | undefined) => {
    if (!file) return;
    check.reset();
    run.reset();
    setTooLarge(file.size > bytesMax);
    if (file.size > bytesMax) return setChosen(null);
    const read = decodeCsv(new Uint8Array(await file.arrayBuffer()));
    setChosen({ ...read, file: file.name });
    check.mutate(read.text);
  };

  const result = run.data ?? check.data;
  const clean = result?.problems.length === 0;
  if (me.role === 'agent') return <Notice look="warning" title={t('import.not-allowed')} />;
  return (
    <div className="mx-auto flex w-full max-w-4xl flex-col gap-3">
      <BackLink to="/customers">{t('customers.title')}</BackLink>
      <h1 className="px-1 text-2xl font-bold">{t('import.title')}</h1>
      <Card className="flex flex-col items-start gap-3 p-6">
        <div className="flex items-start gap-4">
          <FileSpreadsheet size={40} aria-hidden="true" className="mt-1 shrink-0 text-emerald-700" />
          <div>
            <p>{t('import.columns')}</p>
            <p className="text-slate-600">{t('import.encoding')}</p>
          </div>
        </div>
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv"
          aria-label={t('import.choose')}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            void choose(event.target.files?.[0]);
            event.target.value = ''; // the same file again, mended, must be noticed
          }}
        />
        <Button look={chosen ? 'outline' : 'primary'} size="large" onClick={() => input.current?.click()}>
          <FileUp size={20} aria-hidden="true" />
          {t(chosen ? 'import.choose-again' : 'import.choose')}
        </Button>
        {chosen && (
          <p className="text-slate-700">{t('import.read-as', { file: chosen.file, encoding: chosen.encoding })}</p>
        )}
        {tooLarge && <Notice look="problem" title={t('import.too-large')} className="w-full" />}
      </Card>
      {check.isPending && <p role="status">{t('import.checking')}</p>}
      <Failure of={run.error ?? check.error} />
      {result && (
        <Card className="flex flex-col gap-4 p-6">
          <CardTitle>{t(run.data ? 'import.done' : 'import.check-result')}</CardTitle>
          <ImportSummary result={result} />
          {run.data && clean ? (
            <p role="status" className="flex items-center gap-2 text-lg font-bold text-emerald-800">
              <CircleCheckBig aria-hidden="true" />
              {t('import.done')}
            </p>
          ) : clean ? (
            <div className="flex flex-wrap items-center justify-between gap-3">
              <p role="status" className="font-semibold text-emerald-800">
                {t('import.ready')}
              </p>
              <Button
                look="go"
                size="large"
                data-testid="run-import"
                disabled={run.isPending || !chosen}
                onClick={() => chosen && run.mutate(chosen.text)}
              >
                {t(run.isPending ? 'import.running' : 'import.run')}
              </Button>
            </div>
          ) : (
            <>
              <Notice look="warning" title={t('import.not-ready')} />
              <ImportProblems result={result} />
            </>
          )}
        </Card>
      )}
    </div>
  );
}
