/** The console's page of one endpoint, Settings > Webhooks; null when `PUBLIC_URL` is not set. */
export const endpointPage = (publicUrl: string | undefined, endpointId: string): string | null =>
  publicUrl === undefined ? null : `${publicUrl}/console#/webhooks/${endpointId}`;

/** The console's list of leads; null when `PUBLIC_URL` is not set. */
export const leadsPage = (publicUrl: string | undefined): string | null =>
  publicUrl === undefined ? null : `${publicUrl}/console#/leads`;

/** An endpoint's URL for a mail: without the query, where partners put tokens. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
