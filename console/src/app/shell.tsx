import { Dialog } from '@base-ui/react/dialog';
import { Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { IconButton } from '../components/button.tsx';
import { Sidebar } from './sidebar.tsx';

const Brand = () => (
  <Link to="/" className="brand" aria-label="Spark360 Events, overview">
    <img src="/console/icon.svg" alt="" width="22" height="22" />
    Spark360 Events
  </Link>
);

/** Navigation beside every page; on a narrow screen behind a button. */
export function Shell() {
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  const router = useRouter();
  const [isOpen, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the navigation
  useEffect(() => setOpen(false), [pathname]);
  // What was pressed is gone with the page before: keyboards and screen readers go on at the new one.
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (fromLocation && pathChanged) document.getElementById('main')?.focus({ preventScroll: true });
      }),
    [router],
  );

  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <aside className="side" aria-label="Console">
        <div className="sidebar">
          <Brand />
          <Sidebar />
        </div>
      </aside>
      <div className="content">
        <header className="topbar">
          <Brand />
          <Dialog.Root open={isOpen} onOpenChange={setOpen}>
            <Dialog.Trigger render={<IconButton icon="menu" label="Navigation" />} />
            <Dialog.Portal>
              <Dialog.Backdrop className="backdrop" />
              <Dialog.Popup className="drawer" aria-label="Navigation">
                <div className="sidebar">
                  <div className="row spread">
                    <Brand />
                    <Dialog.Close render={<IconButton icon="close" label="Close navigation" />} />
                  </div>
                  <Sidebar />
                </div>
              </Dialog.Popup>
            </Dialog.Portal>
          </Dialog.Root>
        </header>
        <Outlet />
      </div>
    </div>
  );
}
