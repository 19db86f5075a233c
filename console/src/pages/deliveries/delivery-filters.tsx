import { useQuery } from '@tanstack/react-query';
import { endpointsQuery } from '../../api/queries.ts';
import { type DeliveryFilter, deliveryStatuses, eventNames } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { FilterChip } from '../../components/filter-chip.tsx';
import { IdChip } from '../../components/id-chip.tsx';
import { atTime } from '../../components/time.tsx';

const named = (values: readonly string[]) => values.map((value) => ({ value, label: value }));
const statuses = named(deliveryStatuses);
const events = named(eventNames);
const hourMs = 3_600_000;
const spans = [
  { hours: 1, label: 'last hour' },
  { hours: 24, label: 'last 24 hours' },
  { hours: 168, label: 'last 7 days' },
  { hours: 720, label: 'last 30 days' },
];

interface Props {
  organizationId: string;
  filter: DeliveryFilter;
  onChange: (filter: DeliveryFilter) => void;
}

export function DeliveryFilters({ organizationId, filter, onChange }: Props) {
  const endpoints = useQuery(endpointsQuery(organizationId));
  const set = (name: keyof DeliveryFilter) => (value: string | undefined) => {
    const { [name]: _former, ...rest } = filter;
    onChange(value === undefined ? rest : { ...rest, [name]: value });
  };
  const times = spans.map(({ hours, label }) => ({ value: String(hours), label }));
  const since = filter.since === undefined ? undefined : { value: 'set', label: `since ${atTime(filter.since)}` };
  return (
    <fieldset className="chips fieldset" aria-label="Filters">
      <FilterChip label="Status" value={filter.status} options={statuses} onChange={set('status')} />
      <FilterChip label="Event" value={filter.event} options={events} onChange={set('event')} />
      <FilterChip
        label="Endpoint"
        value={filter.endpoint_id}
        options={endpoints.data?.data.map(({ id, url }) => ({ value: id, label: url })) ?? []}
        onChange={set('endpoint_id')}
      />
      <IdChip label="Lead" value={filter.lead_id} onChange={set('lead_id')} />
      <FilterChip
        label="Time"
        value={since?.value}
        options={since === undefined ? times : [since, ...times]}
        onChange={(chosen) => {
          if (chosen === 'set') return;
          set('since')(chosen === undefined ? undefined : new Date(Date.now() - Number(chosen) * hourMs).toISOString());
        }}
      />
      {Object.keys(filter).length > 1 && (
        <Button kind="quiet" size="small" onClick={() => onChange({})}>
          Clear all
        </Button>
      )}
    </fieldset>
  );
}
