import { useQuery } from '@tanstack/react-query';
import { api, inOrganization, unwrap } from '../../api/client.ts';
import { apiKeysQuery } from '../../api/queries.ts';
import { KeyCard } from '../../components/key-card.tsx';

/** Keys of an organization. */
export function ApiKeys({ organizationId }: { organizationId: string }) {
  const query = useQuery(apiKeysQuery(organizationId));
  return (
    <KeyCard
      title="API keys"
      query={query}
      make={() =>
        unwrap(api.POST('/v1/organizations/{organizationId}/api-keys', { ...inOrganization(organizationId), body: {} }))
      }
      remove={(keyId) =>
        unwrap(
          api.DELETE('/v1/organizations/{organizationId}/api-keys/{keyId}', {
            params: { path: { organizationId, keyId } },
          }),
        )
      }
      refresh={apiKeysQuery(organizationId).queryKey}
      consequence="Whatever uses it is refused from then on, and sessions that began with it end."
    />
  );
}
