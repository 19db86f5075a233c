import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { ApiProblem } from '../api/client.ts';
import { wordsOf } from './toasts.tsx';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { atTime } from './time.tsx';

export interface Crumb {
  label: string;
  to: string;
}

interface PageProps {
  title: string;
  heading?: ReactNode;
  subtitle?: ReactNode;
  crumbs?: Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with its heading; `title` names the browser's tab, and the heading unless another is given. */
export function Page({ title, heading, subtitle, crumbs = [], actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Spark360 Events`;
  }, [title]);
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <div>
          {crumbs.length > 0 && (
            <nav className="crumbs" aria-label="Breadcrumb">
              {crumbs.map(({ label, to }) => (
                <Link key={to} to={to}>
                  <span aria-hidden="true">← </span>
                  {label}
                </Link>
              ))}
            </nav>
          )}
          <h1>{heading ?? title}</h1>
          {subtitle && <div className="subtitle">{subtitle}</div>}
        </div>
        {actions && <div className="row-wrap">{actions}</div>}
      </div>
      {children}
    </main>
  );
}

interface CardProps {
  title?: ReactNode;
  actions?: ReactNode;
  note?: ReactNode;
  /** Its content reaches the edges: a table, a list. */
  flush?: boolean;
  children: ReactNode;
}

export const Card = ({ title, actions, note, flush, children }: CardProps) => (
  <section className="card">
    {(title || actions) && (
      <div className="card-head">
        <h2>{title}</h2>
        {actions && <div className="row-wrap">{actions}</div>}
      </div>
    )}
    {flush ? children : <div className="card-body">{children}</div>}
    {note && <div className="card-note">{note}</div>}
  </section>
);

export type Tone = 'good' | 'warn' | 'bad' | 'info' | undefined;

export const Notice = ({ tone, children, action }: { tone?: Tone; children: ReactNode; action?: ReactNode }) => (
  <div className="notice" data-tone={tone}>
    <Icon name={tone === 'bad' || tone === 'warn' ? 'alert' : tone === 'good' ? 'check' : 'info'} />
    <div>{children}</div>
    {action}
  </div>
);

export const Empty = ({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) => (
  <div className="empty">
    <Icon name={icon} size={26} />
    <h2>{title}</h2>
    {children && <p>{children}</p>}
    {action}
  </div>
);

export const Loading = ({ rows = 5 }: { rows?: number }) => (
  <div className="card-body" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: bars without content
      <div key={index} className="skeleton" />
    ))}
  </div>
);

/** What could not be loaded, why, and a way to try again. */
export const Failed = ({ error, onRetry }: { error: unknown; onRetry?: () => void }) => (
  <div className="card-body" role="alert">
    <Notice
      tone="bad"
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      {wordsOf(error)}
    </Notice>
  </div>
);

const Gone = () => (
  <Card>
    <Empty icon="search" title="There is nothing here">
      It was deleted, never existed, or belongs to another organization.
    </Empty>
  </Card>
);

/** That what is shown below is old, and why. */
const Stale = ({ since, error }: { since: number; error: unknown }) => (
  <div className="card-body" role="status">
    <Notice tone="warn">
      Shown as it was at {atTime(new Date(since).toISOString())}. {wordsOf(error)}
    </Notice>
  </div>
);

interface Query<Data> {
  data: Data | undefined;
  dataUpdatedAt: number;
  error: unknown;
  /** What was loaded before was asked for again, and there was no answer. */
  isRefetchError: boolean;
  refetch: () => unknown;
}

/**
 * Shows what a query gave, or that it loads, or why it failed; what was loaded before stays while it is asked for
 * again, with its time where that fails.
 */
export function Loaded<Data>({
  query,
  rows,
  children,
}: {
  query: Query<Data>;
  rows?: number;
  children: (data: Data) => ReactNode;
}) {
  if (query.data !== undefined)
    return (
      <>
        {query.isRefetchError && <Stale since={query.dataUpdatedAt} error={query.error} />}
        {children(query.data)}
      </>
    );
  if (query.error instanceof ApiProblem && query.error.status === 404) return <Gone />;
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading {...(rows !== undefined && { rows })} />;
}
