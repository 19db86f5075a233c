import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { organizationsQuery } from '../../api/operator-queries.ts';
import { Badge } from '../../components/badge.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';

export function OrganizationsPage() {
  const query = useQuery(organizationsQuery());
  return (
    <Page title="Organizations" subtitle="The newest hundred. Others are reached by their id in the address.">
      <Card flush>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty icon="organizations" title="No organization yet">
                One exists from its first event on, or from a PUT.
              </Empty>
            ) : (
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
                    {data.map(({ id, name, tier, notify, created_at }) => (
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
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}
