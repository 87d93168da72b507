import { Link } from '@tanstack/react-router';
import { Compass, TriangleAlert } from 'lucide-react';
import { Button, buttonLook } from '../kit/button.js';
import { Card, Empty } from '../kit/card.js';
import { useWords } from '../words/index.js';
import { errorText } from '../link/error-text.js';

export function NotFound() {
  const { t } = useWords();
  return (
    <main className="mx-auto max-w-xl p-8">
      <Card className="flex flex-col items-center pb-8">
        <Empty heading icon={<Compass />} title={t('common.not-found')} hint={t('common.not-found-hint')} />
        <Link to="/" className={buttonLook('primary', 'medium')}>
          {t('nav.desk')}
        </Link>
      </Card>
    </main>
  );
}

/** A screen that threw. The phone is outside of it and goes on. */
export function Broken({ error }: { error: unknown }) {
  const { t } = useWords();
  return (
    <main className="mx-auto max-w-xl p-8">
      <Card className="flex flex-col items-center pb-8">
        <Empty heading icon={<TriangleAlert />} title={t('common.broken')} hint={errorText(error, t)} />
        <Button look="primary" onClick={() => location.reload()}>
          {t('common.reload')}
        </Button>
      </Card>
    </main>
  );
}
