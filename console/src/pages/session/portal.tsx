import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { sessionQuery } from '../../app/session.ts';
import { Loading, Notice } from '../../components/page.tsx';
import { wordsOf } from '../../components/toasts.tsx';
import { Welcome } from './welcome.tsx';

/** Swaps the one-time code of the address for a session. */
export function PortalPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [error, setError] = useState<string>();
  const isAsked = useRef(false);
  useEffect(() => {
    // React runs effects twice in development, and the code works once.
    if (isAsked.current) return;
    isAsked.current = true;
    const code = window.location.hash.slice(1);
    // The code must not stay in the history.
    window.history.replaceState(null, '', window.location.pathname);
    void swap(code);
    async function swap(given: string): Promise<void> {
      try {
        const caller = await unwrap(api.POST('/v1/session/portal', { body: { code: given } }));
        client.clear();
        client.setQueryData(sessionQuery.queryKey, caller);
        await navigate({ to: '/', replace: true });
      } catch (failed) {
        setError(wordsOf(failed));
      }
    }
  }, [client, navigate]);
  return (
    <Welcome title="Opening the console" subtitle="With a link that works once.">
      {error === undefined ? (
        <Loading rows={2} />
      ) : (
        <>
          <Notice tone="bad">{error}</Notice>
          <Link to="/sign-in">Sign in with a key</Link>
        </>
      )}
    </Welcome>
  );
}
