import { type ReactNode, useEffect } from 'react';

/** The page of a person who is not signed in. */
export function Welcome({ title, subtitle, children }: { title: string; subtitle: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Spark360 Events`;
  }, [title]);
  return (
    <main className="welcome">
      <div className="welcome-card card">
        <div className="brand">
          <img src="/console/icon.svg" alt="" width="26" height="26" />
          Spark360 Events
        </div>
        <div>
          <h1>{title}</h1>
          <p className="muted">{subtitle}</p>
        </div>
        {children}
      </div>
    </main>
  );
}
