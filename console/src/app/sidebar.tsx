import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { api, unwrap } from '../api/client.ts';
import { Badge } from '../components/badge.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { Menu } from '../components/menu.tsx';
import { sayFailed } from '../components/toasts.tsx';
import { OrganizationSwitcher } from './organization-switcher.tsx';
import { isOperator, isReadOnly, sessionQuery } from './session.ts';
import { applyTheme, storedTheme, type Theme } from './theme.ts';

interface Item {
  label: string;
  icon: IconName;
  to: string;
  exact?: boolean;
}

const organizationItems = (id: string): Item[] => [
  { label: 'Overview', icon: 'overview', to: `/organizations/${id}`, exact: true },
  { label: 'Webhooks', icon: 'webhooks', to: `/organizations/${id}/webhooks` },
  { label: 'Deliveries', icon: 'deliveries', to: `/organizations/${id}/deliveries` },
  { label: 'Leads', icon: 'leads', to: `/organizations/${id}/leads` },
  { label: 'Event catalogue', icon: 'events', to: `/organizations/${id}/events` },
  { label: 'Signature debugger', icon: 'signature', to: `/organizations/${id}/signature` },
  { label: 'Settings', icon: 'settings', to: `/organizations/${id}/settings` },
];

const operatorItems: Item[] = [
  { label: 'All organizations', icon: 'overview', to: '/', exact: true },
  { label: 'Organizations', icon: 'organizations', to: '/organizations', exact: true },
  { label: 'Dead letters', icon: 'letters', to: '/dead-letters' },
  { label: 'Jobs', icon: 'jobs', to: '/jobs' },
  { label: 'Backend keys', icon: 'keys', to: '/keys' },
  { label: 'System', icon: 'system', to: '/system' },
  { label: 'Audit log', icon: 'log', to: '/audit' },
];

const Items = ({ label, items }: { label: string; items: Item[] }) => (
  <nav aria-label={label}>
    {items.map(({ label: name, icon, to, exact = false }) => (
      <Link key={to} to={to} className="nav-link" activeOptions={{ exact, includeSearch: false }}>
        <Icon name={icon} />
        {name}
      </Link>
    ))}
  </nav>
);

export function Sidebar() {
  const { caller } = useRouteContext({ from: '/shell' });
  const { organizationId = null } = useParams({ strict: false });
  const shown = caller.organization_id ?? organizationId;
  return (
    <>
      {isOperator(caller) && <Items label="Operator" items={operatorItems} />}
      {isOperator(caller) && (
        <>
          <p className="nav-title">Organization</p>
          <OrganizationSwitcher current={shown} />
        </>
      )}
      {shown !== null && <Items label="Organization" items={organizationItems(shown)} />}
      <div className="sidebar-foot">
        {isReadOnly(caller) && <Badge plain>read-only session</Badge>}
        <Account name={isOperator(caller) ? 'Operator' : 'Organization'} />
      </div>
    </>
  );
}

const themes: { theme: Theme; label: string }[] = [
  { theme: 'system', label: 'Theme of the system' },
  { theme: 'light', label: 'Light theme' },
  { theme: 'dark', label: 'Dark theme' },
];

function Account({ name }: { name: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [theme, setTheme] = useState(storedTheme);
  const signOut = async () => {
    try {
      await unwrap(api.DELETE('/v1/session'));
      client.clear();
      client.setQueryData(sessionQuery.queryKey, null);
      await navigate({ to: '/sign-in' });
    } catch (error) {
      sayFailed('Not signed out', error);
    }
  };
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="nav-link button" data-kind="quiet">
          <Icon name="user" />
          {name}
          <span className="nav-count">
            <Icon name="chevron" size={12} />
          </span>
        </button>
      }
      entries={[
        ...themes.map(({ theme: choice, label }) => ({
          label,
          icon: choice === theme ? ('check' as const) : undefined,
          onSelect: () => {
            applyTheme(choice);
            setTheme(choice);
          },
        })),
        'separator' as const,
        { label: 'Sign out', onSelect: () => void signOut() },
      ]}
    />
  );
}
