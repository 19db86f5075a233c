/** What the forms of Temporal's UI say of each signal, query and update. */
export const descriptions = {
  address:
    'The address step of a lead (lead.created). Sent by the client, the API or the relay: an id is applied once.',
  details: 'The project details of a lead. They change what lead.enriched tells, and emit nothing themselves.',
  enrichment: 'The person and the enrichment of a lead: with both, lead.enriched goes out.',
  contact: 'The lead asks to be contacted: lead.contact_requested goes out after lead.enriched.',
  changed: 'A widget was created, updated or registered. Its events go out in the order of their timestamps.',
  wake: "Looks at once at an endpoint's deliveries instead of waiting for their timer. Harmless at any time.",
  outcomes: 'What became of attempts that took longer than half a second. Sent by the worker that made them.',
  skip: 'Gives an unsettled delivery up as skipped, so that what waits behind it goes on.',
  leadState:
    'The whole state: where the lead stands in words, its steps, events, facts, and what each endpoint waits for.',
  widgetState: "The whole state: the widget's organization, its unread events, and what each endpoint waits for.",
  completeEnrichment:
    'Completes the enrichment with what is known: lead.enriched goes out without what is missing. Needs the address and the person.',
  resume: 'The pause with this number is to end: one held delivery goes first, and when it succeeds the rest follows.',
  remove: 'The endpoint was deleted: what it left unsettled is abandoned, and its leads are woken.',
  probed: 'What became of the delivery that went first after a resume. Sent by the worker that made its attempt.',
  overdueEnrichment: "A lead's enrichment is overdue: it is named in the organization's next digest.",
  erase: 'A late step started a run of the lead: its history is removed too.',
} as const;
