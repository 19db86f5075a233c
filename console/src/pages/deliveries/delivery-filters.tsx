import { useQuery } from '@tanstack/react-query';
import { endpointsQuery } from '../../api/queries.ts';
import { type DeliveryFilter, deliveryStatuses, eventNames } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { FilterChip } from '../../components/filter-chip.tsx';
import { IdChip } from '../../components/id-chip.tsx';
import { TimeChip } from '../../components/time-chip.tsx';

const named = (values: readonly string[]) => values.map((value) => ({ value, label: value }));
const statuses = named(deliveryStatuses);
const events = named(eventNames);

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
      <TimeChip
        range={{ since: filter.since, until: filter.until }}
        onChange={({ since, until }) => {
          const { since: _since, until: _until, ...rest } = filter;
          onChange({ ...rest, ...(since !== undefined && { since }), ...(until !== undefined && { until }) });
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
