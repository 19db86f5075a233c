import type { ReactNode } from 'react';
import { Failed } from './page.tsx';

interface Props {
  query: { isFetchNextPageError: boolean; error: unknown; fetchNextPage: () => unknown };
  children: ReactNode;
}

/** Below a list that loads more as one scrolls: how much is shown, or why the next page is not there. */
export const ListEnd = ({ query, children }: Props) =>
  query.isFetchNextPageError ? (
    <Failed error={query.error} onRetry={() => void query.fetchNextPage()} />
  ) : (
    <p className="card-note" role="status">
      {children}
    </p>
  );
