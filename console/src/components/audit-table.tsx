import { useInfiniteQuery } from '@tanstack/react-query';
import type { Schemas } from '../api/client.ts';
import { auditQuery } from '../api/operator-queries.ts';
import { actionWords } from '../app/audit-words.ts';
import { ShortId } from './code.tsx';
import { Card, Empty, Loaded } from './page.tsx';
import { ShowMore } from './show-more.tsx';
import { At } from './time.tsx';

/** What was changed, by whom, and of which ids; null: over all organizations. */
export function AuditTable({ organizationId }: { organizationId: string | null }) {
  const query = useInfiniteQuery(auditQuery(organizationId));
  return (
    <Card title={organizationId === null ? undefined : 'Audit log'} flush>
      <Loaded query={query}>
        {({ pages }) => {
          const rows = pages.flatMap(({ data }) => data);
          if (rows.length === 0) return <Empty icon="log" title="Nothing was changed yet" />;
          return (
            <>
              <AuditRows rows={rows} withOrganization={organizationId === null} />
              <ShowMore query={query} />
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

const AuditRows = ({ rows, withOrganization }: { rows: Schemas['AuditEntry'][]; withOrganization: boolean }) => (
  <div className="table-scroll">
    <table className="table stacked">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">Of</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td>
              <At at={row.at} />
            </td>
            <td>
              {row.role}
              <span className="small muted"> {row.session_id === null ? 'with a key' : 'in a session'}</span>
            </td>
            <td title={row.action}>{actionWords(row.action)}</td>
            <td>
              {Object.entries(row.target)
                .filter(([name]) => withOrganization || name !== 'organizationId')
                .map(([name, id]) => (
                  <span key={name} className="target small">
                    {name.replace(/Id$/, '')} <ShortId id={id} />
                  </span>
                ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
