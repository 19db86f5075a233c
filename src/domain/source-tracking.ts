import { omitNullish } from './omit-nullish.ts';
import type { LeadFacts, Tier } from './lead.ts';

/** A widget as the organization registered it. `sources` are labels by source code: `{ "03": "Instagram" }`. */
export interface RegisteredWidget {
  id: string;
  version: string | null;
  name: string | null;
  sources: Record<string, string>;
}

/** What of the organization a payload depends on, at the moment the event is emitted. */
export interface PublishingContext {
  tier: Tier;
  /**
   * Of `widgetKeyOf(facts)`: the organization's widget found by id, else by version; null when neither is registered.
   */
  widget: RegisteredWidget | null;
}

export interface SourceTracking {
  widget_version: string;
  widget_name: string;
  source_code: string;
  source_label: string;
}

const primary = { version: '01', name: 'Primary' } as const;
const website = { code: '01', label: 'Website' } as const;

/**
 * How the widget that captured the lead is looked up:
 * by `id` when there is one and it is registered, else by `version`.
 */
export function widgetKeyOf(facts: LeadFacts): { id: string | null; version: string } {
  return { id: facts.widget_reference_id ?? null, version: facts.source_tracking?.version || primary.version };
}

/**
 * Which widget and which source captured the lead (spec section 3). Tiers `ultimate` and `premium` carry the widget,
 * tier `starter` always `01 / Primary`; every tier carries the originating source. An empty code is one not given.
 */
export function sourceTrackingOf(facts: LeadFacts, { tier, widget }: PublishingContext): SourceTracking {
  const shown = tier === 'starter' ? primary : shownWidget(facts, widget);
  const code = facts.source_tracking?.source || website.code;
  return {
    widget_version: shown.version,
    widget_name: shown.name,
    source_code: code,
    source_label: labelOf(code, widget),
  };
}

/**
 * The id of the widget that captured the lead: as the backend named it,
 * else the one its version led to; absent when unknown.
 */
export function widgetReferenceOf(facts: LeadFacts, { widget }: PublishingContext): { widget_reference_id?: string } {
  const isNamed = facts.widget_reference_id !== undefined || Boolean(facts.source_tracking?.version);
  return omitNullish({ widget_reference_id: facts.widget_reference_id ?? (isNamed ? widget?.id : undefined) });
}

/** A registered widget wins over the version that came along: they disagree when a widget was given a new version. */
function shownWidget(facts: LeadFacts, widget: RegisteredWidget | null): { version: string; name: string } {
  const said = facts.source_tracking?.version;
  if (facts.widget_reference_id === undefined && !said) return primary;
  const version = widget?.version || said || primary.version;
  return { version, name: widget?.name || (version === primary.version ? primary.name : version) };
}

/** An unregistered source's label is its code; `01` is the website unless registered otherwise. */
function labelOf(code: string, widget: RegisteredWidget | null): string {
  const registered = widget !== null && Object.hasOwn(widget.sources, code) ? widget.sources[code] : undefined;
  return registered || (code === website.code ? website.label : code);
}
