/** The API's reference, where an endpoint is looked at and resumed; null when `PUBLIC_URL` is not set. */
export const endpointPage = (publicUrl: string | undefined): string | null => docsPage(publicUrl);

/** The API's reference, where leads are listed; null when `PUBLIC_URL` is not set. */
export const leadsPage = (publicUrl: string | undefined): string | null => docsPage(publicUrl);

const docsPage = (publicUrl: string | undefined): string | null =>
  publicUrl === undefined ? null : `${publicUrl}/docs`;

/** An endpoint's URL for a mail: without the query, where partners put tokens. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
