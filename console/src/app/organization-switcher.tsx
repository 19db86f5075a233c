import { lazy, Suspense } from 'react';

// The combobox is large, so the page is shown before it is loaded.
const OrganizationCombobox = lazy(() =>
  import('./organization-combobox.tsx').then((module) => ({ default: module.OrganizationCombobox })),
);

/** Lets an operator choose whose pages to see. */
export const OrganizationSwitcher = ({ current }: { current: string | null }) => (
  <div className="switcher">
    <Suspense fallback={<div className="skeleton" />}>
      <OrganizationCombobox current={current} />
    </Suspense>
  </div>
);
