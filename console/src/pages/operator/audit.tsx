import { AuditTable } from '../../components/audit-table.tsx';
import { Page } from '../../components/page.tsx';

export const AuditPage = () => (
  <Page title="Audit log" subtitle="Every change, whoever made it, over all organizations.">
    <AuditTable organizationId={null} />
  </Page>
);
