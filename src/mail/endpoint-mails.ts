import type { AutomaticPause } from '../domain/failing-policy.ts';
import { endpointPage, shownUrl } from './links.ts';
import { type RenderedMail, renderMail } from './render.ts';
import { excerpt, formatDuration, utc } from './format.ts';

/** What the mails about a failing endpoint are made of. */
export interface EndpointFailure {
  organizationId: string;
  endpointId: string;
  url: string;
  /** The outbound event's name; null when the delivery is no longer kept. */
  event: string | null;
  deliveryId: string;
  attempt: number;
  /** Null when the attempt is no longer kept. */
  response: FailedResponse | null;
}

interface FailedResponse {
  startedAt: Date;
  /** Null when no response arrived: then `error` says why. */
  statusCode: number | null;
  body: string | null;
  error: { class: string; message: string } | null;
}

/** Enough to recognize an error page by, too little to carry the page. */
const shownBodyLength = 500;

/**
 * The warning after the last but one attempt (spec section 5): the endpoint is failing and may be paused after the
 * next.
 * @param lastWaitMs the schedule's last wait
 */
export function warningMail(failure: EndpointFailure, lastWaitMs: number, publicUrl: string | undefined): RenderedMail {
  return renderMail({
    subject: `Webhook endpoint failing: ${new URL(failure.url).host}`,
    headline: 'A webhook endpoint is failing',
    paragraphs: [
      `Your endpoint ${shownUrl(failure.url)} is failing and may be paused in about ${formatDuration(lastWaitMs)}, when the last attempt of this delivery is made.`,
      'Nothing is lost so far. As soon as the endpoint answers with a 2xx status again, deliveries go on by themselves.',
    ],
    ...whatHappened(failure),
    link: settings(failure, publicUrl),
  });
}

const why: Record<AutomaticPause, (failure: EndpointFailure) => string> = {
  failing: ({ attempt }) =>
    `Attempt ${attempt}, the last one of a delivery, failed, and nothing was delivered since its first attempt.`,
  consecutive_failures: () => 'Five deliveries in a row were abandoned without one success in between.',
  gone: () => 'The endpoint answered 410 Gone, which says that it is not coming back.',
};

/** The abandonment mail (spec section 5): a delivery was given up, and the endpoint is paused. */
export function pausedMail(
  failure: EndpointFailure,
  reason: AutomaticPause,
  publicUrl: string | undefined,
): RenderedMail {
  return renderMail({
    subject: `Webhook endpoint paused: ${new URL(failure.url).host}`,
    headline: 'A webhook endpoint was paused',
    paragraphs: [
      `A delivery to your endpoint ${shownUrl(failure.url)} was abandoned, and the endpoint is paused. ${why[reason](failure)}`,
      'While it is paused nothing is sent, and nothing that comes in for it is lost: it is held, in order. When the endpoint works again, resume it; what was abandoned can be recovered there, too.',
    ],
    ...whatHappened(failure),
    link: settings(failure, publicUrl),
  });
}

function whatHappened(failure: EndpointFailure) {
  const { response, event } = failure;
  const facts: [string, string][] = [
    ['Endpoint', shownUrl(failure.url)],
    ...(event === null ? [] : [['Event', event] as [string, string]]),
    ['Delivery', failure.deliveryId],
    ['Attempt', response === null ? `${failure.attempt}` : `${failure.attempt}, at ${utc(response.startedAt)}`],
    ['Response', response === null ? 'no longer kept' : answerOf(response)],
  ];
  if (response === null || response.statusCode === null) return { facts };
  const body = excerpt(response.body ?? '', shownBodyLength);
  if (body.trim() === '') return { facts: [...facts, ['Response body', 'empty'] as [string, string]] };
  return { facts, quote: { label: `Response body, first ${shownBodyLength} characters`, text: body } };
}

const answerOf = ({ statusCode, error }: FailedResponse): string =>
  statusCode === null
    ? `none (${error?.class ?? 'unknown'}): ${error?.message ?? 'The attempt failed.'}`
    : `HTTP ${statusCode}`;

const settings = ({ organizationId, endpointId }: EndpointFailure, publicUrl: string | undefined) => ({
  label: 'Settings > Webhooks',
  url: endpointPage(publicUrl, organizationId, endpointId),
});
