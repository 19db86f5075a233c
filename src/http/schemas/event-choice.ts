import { z } from 'zod';
import { subscribedEvents } from '../../domain/event-table.ts';
import { eventTypes } from '../../schemas/outbound.ts';

const names = eventTypes.map(({ event }) => event);

export const eventName = z.enum(names, { error: `expected ${names.join(' or ')}` });

/**
 * The events an endpoint gets: those chosen and the required ones, each once, in the order of the event table.
 * `lead.enriched` belongs to every subscription, so leaving it out is no error (spec section 1).
 */
export const withRequired = subscribedEvents;
