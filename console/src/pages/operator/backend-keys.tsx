import { useQuery } from '@tanstack/react-query';
import { api, unwrap } from '../../api/client.ts';
import { backendKeysQuery } from '../../api/operator-queries.ts';
import { KeyCard } from '../../components/key-card.tsx';
import { Page } from '../../components/page.tsx';

/** Keys of backends: they hand over events, and read nothing. */
export function BackendKeysPage() {
  const query = useQuery(backendKeysQuery());
  return (
    <Page
      title="Backend keys"
      subtitle="A backend's key may hand over events and register organizations and widgets; it reads nothing."
    >
      <KeyCard
        title="Keys"
        query={query}
        make={() => unwrap(api.POST('/v1/api-keys', { body: { role: 'ingest' } }))}
        remove={(keyId) => unwrap(api.DELETE('/v1/api-keys/{keyId}', { params: { path: { keyId } } }))}
        refresh={backendKeysQuery().queryKey}
        consequence="Every backend that uses it is refused from then on."
      />
    </Page>
  );
}
