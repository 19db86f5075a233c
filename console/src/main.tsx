import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/overlays.css';
import './styles/chips.css';
import './styles/content.css';
import './styles/tables.css';
import './styles/live.css';
import './styles/code.css';
import './styles/numbers.css';
import './styles/picture.css';
import './styles/narrow.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { onSignedOut } from './api/client.ts';
import { queryClient } from './api/query-client.ts';
import { router } from './app/router.tsx';
import { sessionQuery } from './app/session.ts';
import { applyTheme, storedTheme } from './app/theme.ts';
import { Toasts } from './components/toasts.tsx';

applyTheme(storedTheme());
onSignedOut(() => {
  queryClient.setQueryData(sessionQuery.queryKey, null);
  void router.invalidate();
});

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
