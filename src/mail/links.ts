/** The console's page of an endpoint, Settings > Webhooks; null when `PUBLIC_URL` is not set. */
export const endpointPage = (
  publicUrl: string | undefined,
  organizationId: string,
  endpointId: string,
): string | null => consolePage(publicUrl, `${organizationId}/webhooks/${endpointId}`);

/** The console's list of leads that wait for their enrichment; null when `PUBLIC_URL` is not set. */
export const leadsPage = (publicUrl: string | undefined, organizationId: string): string | null =>
  consolePage(publicUrl, `${organizationId}/leads?stage=waiting_for_enrichment`);

const consolePage = (publicUrl: string | undefined, path: string): string | null =>
  publicUrl === undefined ? null : `${publicUrl}/console/organizations/${path}`;

/** An endpoint's URL for a mail: without the query, where partners put tokens. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
