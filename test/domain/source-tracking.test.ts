import { describe, expect, test } from '@jest/globals';
import type { LeadFacts, Tier } from '../../src/domain/lead.ts';
import { sourceTrackingOf, widgetKeyOf, widgetReferenceOf } from '../../src/domain/source-tracking.ts';

const widget = {
  id: '33333333-3333-4333-8333-333333333333',
  version: '02',
  name: 'New Spark 02',
  sources: { '03': 'Instagram' },
};
const otherId = '44444444-4444-4444-8444-444444444444';

const facts = (source?: string, version?: string, reference?: string): LeadFacts => ({
  source_tracking: { ...(source !== undefined && { source }), ...(version !== undefined && { version }) },
  ...(reference !== undefined && { widget_reference_id: reference }),
});

/** `02 / New Spark 02 / 03 / Instagram`, as spec section 3 writes it. */
const shown = (given: LeadFacts, tier: Tier, registered: typeof widget | null): string =>
  Object.values(sourceTrackingOf(given, { tier, widget: registered })).join(' / ');

describe('source tracking', () => {
  test.each<[Tier, string, LeadFacts, typeof widget | null, string]>([
    ['ultimate', 'widget and source known', facts('03', '02'), widget, '02 / New Spark 02 / 03 / Instagram'],
    ['premium', 'widget and source known', facts('03', '02'), widget, '02 / New Spark 02 / 03 / Instagram'],
    ['starter', 'widget and source known', facts('03', '02'), widget, '01 / Primary / 03 / Instagram'],
    ['ultimate', 'source unknown to the widget', facts('07', '02'), widget, '02 / New Spark 02 / 07 / 07'],
    ['premium', 'source unknown to the widget', facts('07', '02'), widget, '02 / New Spark 02 / 07 / 07'],
    ['starter', 'source unknown to the widget', facts('07', '02'), widget, '01 / Primary / 07 / 07'],
    ['ultimate', 'no source', facts(undefined, '02'), widget, '02 / New Spark 02 / 01 / Website'],
    ['premium', 'no source', facts(undefined, '02'), widget, '02 / New Spark 02 / 01 / Website'],
    ['starter', 'no source', facts(undefined, '02'), widget, '01 / Primary / 01 / Website'],
    ['ultimate', 'widget unknown', facts('03', '09'), null, '09 / 09 / 03 / 03'],
    ['premium', 'widget unknown', facts('03', '09'), null, '09 / 09 / 03 / 03'],
    ['starter', 'widget unknown', facts('03', '09'), null, '01 / Primary / 03 / 03'],
    ['ultimate', 'no widget', facts('03'), null, '01 / Primary / 03 / 03'],
    ['premium', 'no widget', facts('03'), null, '01 / Primary / 03 / 03'],
    ['starter', 'no widget', facts('03'), null, '01 / Primary / 03 / 03'],
    ['ultimate', 'nothing', {}, null, '01 / Primary / 01 / Website'],
    ['premium', 'nothing', {}, null, '01 / Primary / 01 / Website'],
    ['starter', 'nothing', {}, null, '01 / Primary / 01 / Website'],
    ['ultimate', 'empty codes', facts('', ''), null, '01 / Primary / 01 / Website'],
    [
      'ultimate',
      'a reference that disagrees with the version',
      facts('03', '05', widget.id),
      widget,
      '02 / New Spark 02 / 03 / Instagram',
    ],
    ['ultimate', 'a reference alone', facts('03', undefined, widget.id), widget, '02 / New Spark 02 / 03 / Instagram'],
    ['ultimate', 'an unknown reference and a version', facts('03', '09', otherId), null, '09 / 09 / 03 / 03'],
    ['ultimate', 'an unknown reference alone', facts('03', undefined, otherId), null, '01 / Primary / 03 / 03'],
    [
      'ultimate',
      'the names of Object.prototype',
      facts('constructor', '02'),
      widget,
      '02 / New Spark 02 / constructor / constructor',
    ],
  ])('%s, %s', (tier, _name, given, registered, expected) => {
    expect(shown(given, tier, registered)).toBe(expected);
  });

  test('01 is Website unless registered otherwise', () => {
    const registered = { ...widget, sources: { '01': 'Landing page' } as never };
    expect(shown(facts(undefined, '02'), 'ultimate', registered)).toBe('02 / New Spark 02 / 01 / Landing page');
    expect(shown(facts('01', '02'), 'starter', registered)).toBe('01 / Primary / 01 / Landing page');
  });

  test('no widget given: Primary, and the labels of the widget that is registered as 01', () => {
    const registered = { ...widget, version: '01', name: 'Main site' };
    expect(widgetKeyOf(facts('03'))).toEqual({ id: null, version: '01' });
    expect(shown(facts('03'), 'ultimate', registered)).toBe('01 / Primary / 03 / Instagram');
    expect(shown(facts('03', '01'), 'ultimate', registered)).toBe('01 / Main site / 03 / Instagram');
  });

  test('a widget without a name is called by its version, the first one Primary', () => {
    const nameless = { id: widget.id, version: '02', name: null, sources: {} };
    const context = { tier: 'ultimate', widget: nameless } as const;
    expect(sourceTrackingOf(facts('03', '02'), context).widget_name).toBe('02');
    expect(sourceTrackingOf(facts('03', '01'), { tier: 'ultimate', widget: null }).widget_name).toBe('Primary');
  });

  test('a registered widget without a version keeps the code that came along', () => {
    const unversioned = { id: widget.id, version: null, name: 'Pop-up', sources: {} };
    const tracking = sourceTrackingOf(facts('03', '04', widget.id), { tier: 'ultimate', widget: unversioned });
    expect(tracking).toMatchObject({ widget_version: '04', widget_name: 'Pop-up' });
  });
});

describe('the widget reference', () => {
  test.each([
    ['as the backend named it', facts('03', '02', otherId), null, { widget_reference_id: otherId }],
    ['by the version it is registered with', facts('03', '02'), widget, { widget_reference_id: widget.id }],
    ['left out when unknown', facts('03', '02'), null, {}],
    ['left out when no widget was given', facts('03'), widget, {}],
  ])('%s', (_name, given, registered, expected) => {
    expect(widgetReferenceOf(given, { tier: 'ultimate', widget: registered })).toStrictEqual(expected);
  });

  test('is looked up by id and version', () => {
    expect(widgetKeyOf(facts('03', '02', otherId))).toEqual({ id: otherId, version: '02' });
  });
});
