import { Link } from '@tanstack/react-router';
import { Empty, Failed, Loading, Page } from '../components/page.tsx';

export const PagePending = () => (
  <main className="page">
    <Loading rows={4} />
  </main>
);

export const PageFailed = ({ error, reset }: { error: unknown; reset: () => void }) => (
  <main className="page">
    <h1>This page could not be shown</h1>
    <Failed error={error} onRetry={reset} />
  </main>
);

export const NotFound = () => (
  <Page title="Nothing here">
    <Empty icon="search" title="There is no such page" action={<Link to="/">Go to the overview</Link>}>
      The address may be mistyped, or what it showed was deleted.
    </Empty>
  </Page>
);
