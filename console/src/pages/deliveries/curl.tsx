import { useQueryClient } from '@tanstack/react-query';
import type { Schemas } from '../../api/client.ts';
import { requestQuery } from '../../api/delivery-queries.ts';
import { Button } from '../../components/button.tsx';
import { say, sayFailed } from '../../components/toasts.tsx';

/** A word for any POSIX shell: nothing in single quotes has a meaning. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const curlOf = ({ url, headers, body }: Schemas['DeliveryRequest']): string =>
  [
    `curl -i -X POST ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  --data-binary ${quoted(body)}`,
  ].join(' \\\n');

/** Copies the delivery as a command whose signature is of this moment, so that a verifier accepts it. */
export function CurlButton({ organizationId, deliveryId }: { organizationId: string; deliveryId: string }) {
  const client = useQueryClient();
  const copy = async () => {
    try {
      const request = await client.fetchQuery({ ...requestQuery(organizationId, deliveryId), staleTime: 0 });
      await navigator.clipboard.writeText(curlOf(request));
      say('Copied as curl', 'Signed now: a verifier accepts it for five minutes.');
    } catch (error) {
      sayFailed('Not copied', error);
    }
  };
  return (
    <Button size="small" kind="quiet" onClick={() => void copy()}>
      Copy as curl
    </Button>
  );
}
