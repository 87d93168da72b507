import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Lock, LogIn, Mail } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../kit/button.js';
import { Card } from '../kit/card.js';
import { Field } from '../kit/field.js';
import { Notice } from '../kit/notice.js';
import { useWords } from '../words/index.js';
import { api } from '../link/api.js';
import { DemoPeople } from './demo-people.js';
import { Failure } from '../link/failure.js';
import { PublicFrame } from '../kit/public-frame.js';
import { queries } from '../link/queries.js';
import { usePageTitle } from '../kit/title.js';

export function SignInPage() {
  const { t } = useWords();
  usePageTitle(t('sign-in.title'));
  const navigate = useNavigate();
  const { ended } = useSearch({ from: '/sign-in' });
  const demo = useQuery({ queryKey: ['demo'], queryFn: ({ signal }) => api.demo(signal), retry: false });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: (who: { email: string; password: string }) => api.signIn(who),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: ['me'] });
      await navigate({ to: '/' });
    },
  });

  return (
    <PublicFrame>
      <main className="flex flex-1 flex-wrap content-center items-stretch justify-center gap-6 px-6 pb-16">
        <Card className="w-full max-w-sm p-8 2xl:max-w-md">
          <h1 className="text-3xl font-bold">{t('sign-in.title')}</h1>
          <p className="mt-1 mb-6 text-slate-600">{t('product.line')}</p>
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault();
              signIn.mutate({ email: email.trim(), password });
            }}
          >
            {ended && !signIn.isError && <Notice look="info" title={t('sign-in.ended')} />}
            <Failure of={signIn.error} />
            <Field
              label={t('sign-in.email')}
              icon={<Mail size={18} />}
              type="email"
              name="email"
              autoComplete="username"
              required
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
            <Field
              label={t('sign-in.password')}
              icon={<Lock size={18} />}
              type="password"
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <Button type="submit" look="primary" size="large" disabled={signIn.isPending} className="mt-2">
              <LogIn size={20} />
              {signIn.isPending ? t('sign-in.busy') : t('sign-in.submit')}
            </Button>
          </form>
        </Card>
        {demo.data && (
          <DemoPeople
            demo={demo.data}
            busy={signIn.isPending}
            onChoose={(who) => signIn.mutate({ email: who, password: demo.data.password })}
          />
        )}
      </main>
    </PublicFrame>
  );
}
