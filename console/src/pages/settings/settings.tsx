import { useParams } from '@tanstack/react-router';
import { AuditTable } from '../../components/audit-table.tsx';
import { Page } from '../../components/page.tsx';
import { SessionList } from '../../components/session-list.tsx';
import { ApiKeys } from './api-keys.tsx';
import { OrganizationForm } from './organization-form.tsx';
import { PortalLinks } from './portal-links.tsx';

/** What an organization is, who may see it, and what was changed. */
export function SettingsPage() {
  const { organizationId } = useParams({ from: '/shell/organizations/$organizationId/settings' });
  return (
    <Page title="Settings" subtitle="The organization, its keys and sessions, and what was changed.">
      <div className="halves">
        <div className="stack">
          <OrganizationForm organizationId={organizationId} />
          <PortalLinks organizationId={organizationId} />
        </div>
        <div className="stack">
          <ApiKeys organizationId={organizationId} />
          <SessionList organizationId={organizationId} />
        </div>
      </div>
      <AuditTable organizationId={organizationId} />
    </Page>
  );
}
