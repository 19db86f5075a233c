import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { sessionQuery } from '../../app/session.ts';
import { Button } from '../../components/button.tsx';
import { Field, Input } from '../../components/field.tsx';
import { wordsOf } from '../../components/toasts.tsx';
import { Welcome } from './welcome.tsx';

/** Swaps a key for a session: the key goes to the service once, and is kept nowhere in the browser. */
export function SignInPage() {
  const { next } = useSearch({ from: '/sign-in' });
  const client = useQueryClient();
  const navigate = useNavigate();
  const [key, setKey] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const caller = await unwrap(api.POST('/v1/session', { body: { key: key.trim() } }));
      client.clear();
      client.setQueryData(sessionQuery.queryKey, caller);
      // A path of this console only: a link may have been given by a stranger.
      await navigate({ to: next?.startsWith('/') && !next.startsWith('//') ? next : '/', replace: true });
    } catch (failed) {
      setError(wordsOf(failed));
      setBusy(false);
    }
  };

  return (
    <Welcome title="Sign in" subtitle="With the operator's key, or a key of your organization.">
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field label="Key" error={error} hint="It is sent once, and swapped for a session of twelve hours.">
          <Input
            className="input"
            type="password"
            name="key"
            autoComplete="current-password"
            required
            autoFocus
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
        <Button kind="primary" type="submit" disabled={busy || key.trim() === ''}>
          {busy ? 'Signing in …' : 'Sign in'}
        </Button>
      </form>
    </Welcome>
  );
}
