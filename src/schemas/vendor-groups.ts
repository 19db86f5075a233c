import { z } from 'zod';
import { defaultSurePayScale } from '../domain/scores.ts';
import { number, text, uuid } from './fields.ts';

/**
 * The groups of a lead under the vendor's names (spec section 2). Null and absent mean the same for
 * everything optional; unknown fields are ignored.
 */
export const addressInfo = z
  .object({
    streetNumber: text,
    streetAddress: text,
    city: text,
    state: text,
    zip: text,
    formattedAddress: text,
    lat: number,
    lng: number,
  })
  .meta({ id: 'InboundAddressInfo' });

export const personalInfo = z
  .object({
    firstName: text,
    lastName: text,
    email: text,
    phone: text.nullish(),
    contactConsent: z.boolean(),
  })
  .meta({ id: 'InboundPersonalInfo' });

export const contactPreference = z
  .object({
    method: z.enum(['phone', 'email', 'text']),
    preferredTime: text.nullish(),
    notes: text.nullish(),
  })
  .meta({ id: 'InboundContactPreference' });

const sourceTracking = z
  .object({ source: text.nullish(), version: text.nullish() })
  .meta({ id: 'InboundSourceTracking', description: 'Codes of the source and the widget that captured the lead' });

const roofProjectDetails = z
  .object({ reason: text.nullish(), startTime: text.nullish(), details: text.nullish() })
  .meta({ id: 'InboundRoofProjectDetails' });

const propertyInfo = z
  .object({
    county: text.nullish(),
    subdivision: text.nullish(),
    type: text.nullish(),
    builtYear: text.nullish(),
    yearsInHome: text.nullish(),
    ownerOccupied: z.boolean().nullish(),
    primaryOwner: text.nullish(),
    accuracyCode: text.nullish(),
  })
  .meta({ id: 'InboundPropertyInfo' });

const roofEstimate = z
  .object({
    estimateNumber: text.nullish(),
    costMin: number.nullish(),
    costMax: number.nullish(),
    roofArea: number.nullish(),
    roofMaterial: text.nullish(),
    complexity: text.nullish(),
    averagePitch: number.nullish(),
    accuracyAlerts: z.object({ roofArea: text.nullish(), roofPitch: text.nullish() }).nullish(),
  })
  .meta({ id: 'InboundRoofEstimate' });

const score = z
  .number()
  .min(1, { error: 'expected number from 1 to 10' })
  .max(10, { error: 'expected number from 1 to 10' });

/** A bound that is not given is the default's. */
const surePayScale = z
  .object({ min: number.nullish(), max: number.nullish() })
  .refine(({ min, max }) => (min ?? defaultSurePayScale.min) < (max ?? defaultSurePayScale.max), {
    error: 'expected min below max',
  });

const scores = z
  .object({
    leadIntegrityScore: score.nullish(),
    elevateScore: score.nullish(),
    surePayScore: number.nullish(),
    surePayScale: surePayScale.nullish(),
  })
  .meta({ id: 'InboundScores' });

const hack = z.object({ text: text.nullish(), score: number.nullish(), actionable: z.boolean().nullish() });

/** More than any vendor sends: with a limit, an endless list is one issue instead of one for each element. */
const maxHacks = 1_000;

const singleHack = z.object({ text: text.nullish() });

const insights = z
  .object({
    hacks: z
      .array(hack.nullable())
      .max(maxHacks, { error: `expected at most ${maxHacks} hacks` })
      .nullish(),
    elevateHack: singleHack.nullish(),
    surePayHack: singleHack.nullish(),
  })
  .meta({ id: 'InboundInsights' });

export const enrichedGroups = {
  propertyInfo: propertyInfo.nullish(),
  roofEstimate: roofEstimate.nullish(),
  scores: scores.nullish(),
  insights: insights.nullish(),
};

/** All that a lead may carry at any status, and a report too. */
export const optionalGroups = {
  widgetType: text.nullish(),
  widgetReferenceId: uuid.nullish(),
  sourceTracking: sourceTracking.nullish(),
  roofProjectDetails: roofProjectDetails.nullish(),
  personalInfo: personalInfo.nullish(),
  contactPreference: contactPreference.nullish(),
  ...enrichedGroups,
};
