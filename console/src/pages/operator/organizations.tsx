import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { organizationsQuery } from '../../api/operator-queries.ts';
import { Badge } from '../../components/badge.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { ShowMore } from '../../components/show-more.tsx';
import { Ago } from '../../components/time.tsx';

export function OrganizationsPage() {
  const query = useInfiniteQuery(organizationsQuery());
  return (
    <Page title="Organizations" subtitle="Newest first. One exists from its first event on, or from a PUT.">
      <Card flush>
        <Loaded query={query}>
          {({ pages }) => {
            const rows = pages.flatMap(({ data }) => data);
            if (rows.length === 0) return <Empty icon="organizations" title="No organization yet" />;
            return (
              <>
                <OrganizationRows rows={rows} />
                <ShowMore query={query} />
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}

const OrganizationRows = ({ rows }: { rows: Schemas['Organization'][] }) => (
  <div className="table-scroll">
    <table className="table stacked">
      <thead>
        <tr>
          <th scope="col">Organization</th>
          <th scope="col">Tier</th>
          <th scope="col">Mails go to</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ id, name, tier, notify, created_at }) => (
          <tr key={id}>
            <td className="cell-main">
              <Link to="/organizations/$organizationId" params={{ organizationId: id }}>
                {name ?? 'Without a name'}
              </Link>
              <div className="small muted">
                <code>{id}</code>
              </div>
            </td>
            <td>
              <Badge plain>{tier}</Badge>
            </td>
            <td className="wrap-anywhere" data-label="Mails go to">
              {notify.length === 0 ? <span className="muted">nobody</span> : notify.join(', ')}
            </td>
            <td data-label="Created">
              <Ago at={created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
