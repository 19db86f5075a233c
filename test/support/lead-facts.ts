/** One lead twice: as the vendor's backend describes it (spec section 2), and under our names. */

/** Personal data that must never be found outside a payload: tests search for these. */
export const person = {
  firstName: 'Wilhelmina',
  lastName: 'Featherstonehaugh',
  email: 'wilhelmina@featherstonehaugh.example',
  phone: '+15125550187',
};
export const street = 'Quixotic Canyon Drive';

export const addressInfo = {
  streetNumber: '4711',
  streetAddress: street,
  city: 'Austin',
  state: 'TX',
  zip: '78701',
  formattedAddress: `4711 ${street}, Austin, TX 78701`,
  lat: 30.2672,
  lng: -97.7431,
};
export const address = {
  formatted: `4711 ${street}, Austin, TX 78701`,
  street_number: '4711',
  street,
  city: 'Austin',
  state: 'TX',
  zip: '78701',
  lat: 30.2672,
  lng: -97.7431,
};

export const personalInfo = { ...person, contactConsent: true };
export const contact = {
  first_name: person.firstName,
  last_name: person.lastName,
  email: person.email,
  phone: person.phone,
  contact_consent: true,
};

export const roofProjectDetails = {
  reason: 'Storm damage',
  startTime: 'As soon as possible',
  details: 'Two skylights',
};
export const projectDetails = {
  reason: 'Storm damage',
  start_time: 'As soon as possible',
  details: 'Two skylights',
};

export const contactPreference = { method: 'phone', preferredTime: 'Mornings', notes: 'Ring twice' };
export const preference = { method: 'phone' as const, preferred_time: 'Mornings', notes: 'Ring twice' };

/** The four groups of an enrichment. */
export const enrichedGroups = {
  propertyInfo: {
    county: 'Travis',
    subdivision: 'Old Town',
    type: 'Single family',
    builtYear: '1987',
    yearsInHome: '12',
    ownerOccupied: false as boolean | null,
    primaryOwner: `${person.firstName} ${person.lastName}`,
    accuracyCode: 'A1',
  },
  roofEstimate: {
    estimateNumber: 'E-1001',
    costMin: 12_000,
    costMax: 18_500.5,
    roofArea: 2_350,
    roofMaterial: 'Asphalt shingle',
    complexity: 'Medium',
    averagePitch: 26.5,
    accuracyAlerts: { roofArea: 'none', roofPitch: 'low confidence' },
  },
  scores: { leadIntegrityScore: 8, elevateScore: 6, surePayScore: 720, surePayScale: { min: 300, max: 850 } },
  insights: {
    hacks: [
      { text: 'Mention the hail of May', score: 0.7, actionable: true },
      null,
      { text: 'Offer financing', score: 0.9, actionable: true },
      { text: 'Neighbour bought', score: 0.95, actionable: false },
    ],
    elevateHack: { text: 'Upgrade to metal' },
    surePayHack: null as { text: string } | null,
  },
};
export const enrichment = {
  property: {
    county: 'Travis',
    subdivision: 'Old Town',
    type: 'Single family',
    built_year: '1987',
    years_in_home: '12',
    owner_occupied: false,
    primary_owner: `${person.firstName} ${person.lastName}`,
    accuracy_code: 'A1',
  },
  roof_estimate: {
    estimate_number: 'E-1001',
    cost_min: 12_000,
    cost_max: 18_500.5,
    roof_area: 2_350,
    roof_material: 'Asphalt shingle',
    complexity: 'Medium',
    average_pitch: 26.5,
    accuracy_alerts: { roof_area: 'none', roof_pitch: 'low confidence' },
  },
  scores: {
    lead_integrity_score: 8,
    elevate_score: 6,
    surepay_score: 720,
    surepay_scale: { min: 300, max: 850 },
  },
  insights: {
    hacks: [
      { text: 'Mention the hail of May', score: 0.7, actionable: true },
      { text: 'Offer financing', score: 0.9, actionable: true },
      { text: 'Neighbour bought', score: 0.95, actionable: false },
    ],
    elevate_hack: { text: 'Upgrade to metal' },
  },
};
