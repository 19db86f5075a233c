import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import type { QueryClient } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { NotFound, PageFailed, PagePending } from './fallbacks.tsx';
import { readDeliveryFilter, readLeadFilter, readWindow } from './search.ts';
import { isOperator, sessionQuery } from './session.ts';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } => (typeof next === 'string' ? { next } : {}),
  component: lazyRouteComponent(() => import('../pages/session/sign-in.tsx'), 'SignInPage'),
});
const portal = createRoute({
  getParentRoute: () => root,
  path: '/portal',
  component: lazyRouteComponent(() => import('../pages/session/portal.tsx'), 'PortalPage'),
});

/** Everything behind the sign-in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  // Its menus and dialogs are most of the code: a person who is not signed in does not wait for them.
  component: lazyRouteComponent(() => import('./shell.tsx'), 'Shell'),
  beforeLoad: async ({ context, location }) => {
    const caller = await context.queryClient.ensureQueryData(sessionQuery);
    if (caller === null) throw redirect({ to: '/sign-in', search: { next: location.href }, replace: true });
    return { caller };
  },
});

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: readWindow,
  beforeLoad: ({ context: { caller } }) => {
    if (caller.organization_id === null) return;
    throw redirect({
      to: '/organizations/$organizationId',
      params: { organizationId: caller.organization_id },
      replace: true,
    });
  },
  component: lazyRouteComponent(() => import('../pages/overview/operator-overview.tsx'), 'OperatorOverviewPage'),
});

/** Pages for the operator alone; an organization is sent home. */
const operator = createRoute({
  getParentRoute: () => shell,
  id: 'operator',
  beforeLoad: ({ context: { caller } }) => {
    if (!isOperator(caller)) throw redirect({ to: '/', replace: true });
  },
});
const operatorPages = [
  createRoute({
    getParentRoute: () => operator,
    path: '/organizations',
    component: lazyRouteComponent(() => import('../pages/operator/organizations.tsx'), 'OrganizationsPage'),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: '/dead-letters',
    component: lazyRouteComponent(() => import('../pages/operator/dead-letters.tsx'), 'DeadLettersPage'),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: '/jobs',
    component: lazyRouteComponent(() => import('../pages/operator/jobs.tsx'), 'JobsPage'),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: '/keys',
    component: lazyRouteComponent(() => import('../pages/operator/backend-keys.tsx'), 'BackendKeysPage'),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: '/system',
    component: lazyRouteComponent(() => import('../pages/operator/system.tsx'), 'SystemPage'),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: '/audit',
    component: lazyRouteComponent(() => import('../pages/operator/audit.tsx'), 'AuditPage'),
  }),
] as const;

export const organization = createRoute({ getParentRoute: () => shell, path: '/organizations/$organizationId' });
const overview = createRoute({
  getParentRoute: () => organization,
  path: '/',
  validateSearch: readWindow,
  component: lazyRouteComponent(() => import('../pages/overview/overview.tsx'), 'OverviewPage'),
});
const webhooks = createRoute({
  getParentRoute: () => organization,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('../pages/webhooks/webhooks.tsx'), 'WebhooksPage'),
});
const endpoint = createRoute({
  getParentRoute: () => organization,
  path: '/webhooks/$endpointId',
  component: lazyRouteComponent(() => import('../pages/webhooks/endpoint.tsx'), 'EndpointPage'),
});
const deliveries = createRoute({
  getParentRoute: () => organization,
  path: '/deliveries',
  validateSearch: readDeliveryFilter,
  component: lazyRouteComponent(() => import('../pages/deliveries/deliveries.tsx'), 'DeliveriesPage'),
});
const delivery = createRoute({
  getParentRoute: () => organization,
  path: '/deliveries/$deliveryId',
  component: lazyRouteComponent(() => import('../pages/deliveries/delivery.tsx'), 'DeliveryPage'),
});
const leads = createRoute({
  getParentRoute: () => organization,
  path: '/leads',
  validateSearch: readLeadFilter,
  component: lazyRouteComponent(() => import('../pages/leads/leads.tsx'), 'LeadsPage'),
});
const lead = createRoute({
  getParentRoute: () => organization,
  path: '/leads/$leadId',
  component: lazyRouteComponent(() => import('../pages/leads/lead.tsx'), 'LeadPage'),
});
const events = createRoute({
  getParentRoute: () => organization,
  path: '/events',
  component: lazyRouteComponent(() => import('../pages/events/events.tsx'), 'EventsPage'),
});
const signature = createRoute({
  getParentRoute: () => organization,
  path: '/signature',
  component: lazyRouteComponent(() => import('../pages/signature/signature.tsx'), 'SignaturePage'),
});
const settings = createRoute({
  getParentRoute: () => organization,
  path: '/settings',
  component: lazyRouteComponent(() => import('../pages/settings/settings.tsx'), 'SettingsPage'),
});

const routeTree = root.addChildren([
  signIn,
  portal,
  shell.addChildren([
    home,
    operator.addChildren(operatorPages),
    organization.addChildren([
      overview,
      webhooks,
      endpoint,
      deliveries,
      delivery,
      leads,
      lead,
      events,
      signature,
      settings,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree,
  basepath: '/console',
  context: { queryClient },
  defaultPreload: 'intent',
  defaultPendingComponent: PagePending,
  defaultErrorComponent: PageFailed,
  // A list that is gone back to is where it was; another page begins at its top.
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
