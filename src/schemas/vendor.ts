import { omitNullish } from '../domain/omit-nullish.ts';
import type {
  Hack,
  Insights,
  LeadFacts,
  LeadStatus,
  LeadStep,
  LeadStepName,
  Property,
  RoofEstimate,
  Scores,
  WidgetStep,
} from '../domain/lead.ts';
import { defaultSurePayScale } from '../domain/scores.ts';
import type { LeadEvent, LeadObject, ReportEvent, ReportObject, WidgetEvent } from './inbound-events.ts';

/**
 * The vendor's names mapped to ours: the one place that knows both. Another vendor is another file like this one and
 * its schemas. The results carry no null.
 */
export function toLeadStep(event: LeadEvent | ReportEvent, fingerprint: string): LeadStep {
  return {
    id: event.id,
    fingerprint,
    ...nameAndStatus(event),
    event: event.event,
    occurredAt: Date.parse(event.timestamp),
    mode: event.mode ?? 'prod',
    facts: toFacts(event.data.object),
  };
}

export function toWidgetStep({ data, ...event }: WidgetEvent, fingerprint: string): WidgetStep {
  const { object, previousObject } = data;
  return {
    id: event.id,
    fingerprint,
    event: event.event,
    occurredAt: Date.parse(event.timestamp),
    mode: event.mode ?? 'prod',
    status: object.status,
    changedBy: object.changedBy ?? 'system',
    ...omitNullish({
      organizationId: object.organizationId,
      name: object.name,
      version: object.version,
      previousStatus: previousObject?.status,
    }),
  };
}

/** Signals are named after the steps (spec section 6). */
const stepNames: Record<LeadStatus, LeadStepName> = {
  address_info_provided: 'address',
  project_details_provided: 'details',
  personal_info_and_estimate_provided: 'enrichment',
  contact_info_provided: 'contact',
};

/** A report's `leadStatus` does not count: it says nothing of how far the lead is. */
function nameAndStatus(event: LeadEvent | ReportEvent): Pick<LeadStep, 'name' | 'lead_status'> {
  if (event.event === 'lead.enrichment_completed') return { name: 'enrichment' };
  const { leadStatus } = event.data.object;
  return { name: stepNames[leadStatus], lead_status: leadStatus };
}

function toFacts(object: LeadObject | ReportObject): LeadFacts {
  return omitNullish({
    flow_id: object.flowId,
    widget_reference_id: object.widgetReferenceId,
    source_tracking: object.sourceTracking && omitNullish(object.sourceTracking),
    address: object.addressInfo && toAddress(object.addressInfo),
    project_details: object.roofProjectDetails && toProjectDetails(object.roofProjectDetails),
    contact: object.personalInfo && toContact(object.personalInfo),
    property: object.propertyInfo && toProperty(object.propertyInfo),
    roof_estimate: object.roofEstimate && toRoofEstimate(object.roofEstimate),
    scores: object.scores && toScores(object.scores),
    insights: object.insights && toInsights(object.insights),
    contact_preference: object.contactPreference && toContactPreference(object.contactPreference),
  });
}

/** A group of the vendor's lead object, given. */
type Group<Name extends keyof LeadObject> = NonNullable<LeadObject[Name]>;

const toAddress = (info: Group<'addressInfo'>) => ({
  formatted: info.formattedAddress,
  street_number: info.streetNumber,
  street: info.streetAddress,
  city: info.city,
  state: info.state,
  zip: info.zip,
  lat: info.lat,
  lng: info.lng,
});

const toProjectDetails = ({ reason, startTime, details }: Group<'roofProjectDetails'>) =>
  omitNullish({ reason, start_time: startTime, details });

const toContact = (info: Group<'personalInfo'>) => ({
  first_name: info.firstName,
  last_name: info.lastName,
  email: info.email,
  ...omitNullish({ phone: info.phone }),
  contact_consent: info.contactConsent,
});

const toContactPreference = ({ method, preferredTime, notes }: Group<'contactPreference'>) => ({
  method,
  ...omitNullish({ preferred_time: preferredTime, notes }),
});

const toProperty = (info: Group<'propertyInfo'>): Property =>
  omitNullish({
    county: info.county,
    subdivision: info.subdivision,
    type: info.type,
    built_year: info.builtYear,
    years_in_home: info.yearsInHome,
    owner_occupied: info.ownerOccupied,
    primary_owner: info.primaryOwner,
    accuracy_code: info.accuracyCode,
  });

const toRoofEstimate = (estimate: Group<'roofEstimate'>): RoofEstimate =>
  omitNullish({
    estimate_number: estimate.estimateNumber,
    cost_min: estimate.costMin,
    cost_max: estimate.costMax,
    roof_area: estimate.roofArea,
    roof_material: estimate.roofMaterial,
    complexity: estimate.complexity,
    average_pitch: estimate.averagePitch,
    accuracy_alerts:
      estimate.accuracyAlerts &&
      omitNullish({ roof_area: estimate.accuracyAlerts.roofArea, roof_pitch: estimate.accuracyAlerts.roofPitch }),
  });

const toScores = (scores: Group<'scores'>): Scores =>
  omitNullish({
    lead_integrity_score: scores.leadIntegrityScore,
    elevate_score: scores.elevateScore,
    surepay_score: scores.surePayScore,
    // Both bounds travel together, so that merging never pairs the bounds of two scales.
    surepay_scale: scores.surePayScale && { ...defaultSurePayScale, ...omitNullish(scores.surePayScale) },
  });

const toInsights = (insights: Group<'insights'>): Insights =>
  omitNullish({
    hacks: insights.hacks?.flatMap(toHack),
    elevate_hack: toSingleHack(insights.elevateHack),
    surepay_hack: toSingleHack(insights.surePayHack),
  });

/** A hack without a text is no hack. One not said to be actionable is not. */
function toHack(hack: NonNullable<Group<'insights'>['hacks']>[number]): Hack[] {
  if (hack === null || hack.text === null || hack.text === undefined) return [];
  return [{ text: hack.text, actionable: hack.actionable ?? false, ...omitNullish({ score: hack.score }) }];
}

const toSingleHack = (hack: Group<'insights'>['elevateHack']): { text: string } | null =>
  hack?.text === null || hack?.text === undefined ? null : { text: hack.text };
