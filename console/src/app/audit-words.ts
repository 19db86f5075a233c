const organization = '/v1/organizations/:organizationId';
const endpoint = `${organization}/endpoints/:endpointId`;
const delivery = `${organization}/deliveries/:deliveryId`;

const words: Record<string, string> = {
  'POST /v1/session': 'signed in with a key',
  'POST /v1/session/portal': 'signed in with a portal link',
  'DELETE /v1/session': 'signed out',
  [`PUT ${organization}`]: 'changed the organization',
  [`PUT ${organization}/widgets/:widgetId`]: 'registered a widget',
  [`POST ${organization}/api-keys`]: 'made a key',
  [`DELETE ${organization}/api-keys/:keyId`]: 'deleted a key',
  'POST /v1/api-keys': "made a backend's key",
  'DELETE /v1/api-keys/:keyId': "deleted a backend's key",
  [`POST ${organization}/portal-links`]: 'made a portal link',
  [`DELETE ${organization}/sessions`]: 'signed everybody out',
  [`DELETE ${organization}/sessions/:sessionId`]: 'ended a session',
  'DELETE /v1/sessions': 'signed every operator out',
  'DELETE /v1/sessions/:sessionId': "ended an operator's session",
  [`POST ${organization}/endpoints`]: 'added an endpoint',
  [`POST ${organization}/endpoints/listen`]: 'opened a listener',
  [`PATCH ${endpoint}`]: 'changed an endpoint',
  [`DELETE ${endpoint}`]: 'deleted an endpoint',
  [`POST ${endpoint}/pause`]: 'paused an endpoint',
  [`POST ${endpoint}/resume`]: 'resumed an endpoint',
  [`POST ${endpoint}/rotate-secret`]: 'rotated a secret',
  [`POST ${endpoint}/test`]: 'sent a test',
  [`POST ${endpoint}/recover`]: 'began a recovery',
  [`POST ${organization}/deliveries/recover`]: 'began recoveries',
  [`POST ${delivery}/resend`]: 'sent a delivery again',
  [`POST ${delivery}/skip`]: 'skipped a delivery',
  [`POST ${organization}/leads/:leadId/complete-enrichment`]: 'completed an enrichment',
  [`DELETE ${organization}/leads/:leadId`]: 'erased a lead',
  'POST /v1/dead-letters/:deadLetterId/replay': 'replayed a dead letter',
};

/** An audit row's action in words; one that has none reads as the call it was. */
export const actionWords = (action: string): string => words[action] ?? action;
