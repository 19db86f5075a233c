import type { Session } from './session.ts';

/** Pages of the operator's, which belong to no organization. */
const operatorPages = /^(organizations|dead-letters|jobs|keys|system|audit)(\/|$)/;

/**
 * The address of a page of the console: `deliveries/<id>`, `endpoints/<id>`, `leads/<id>`, or one of the operator's.
 */
export async function consoleUrl({ settings, organization }: Session, page: string): Promise<string> {
  const path = page.replace(/^\/+/, '').replace(/^endpoints(?=\/|$)/, 'webhooks');
  const console = `${settings.apiUrl.replace(/\/+$/, '')}/console`;
  if (path === '' || operatorPages.test(path)) return `${console}/${path}`;
  return `${console}/organizations/${await organization()}/${path}`;
}
