import { useEffect, useRef, useState } from 'react';
import { number } from '../../app/counts.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { ListEnd } from '../../components/list-end.tsx';
import { Card, Empty, Loaded } from '../../components/page.tsx';
import { DeliveryRows } from './delivery-rows.tsx';
import { LiveBar } from './live-bar.tsx';
import { useLiveDeliveries } from './use-live-deliveries.ts';

interface Props {
  organizationId: string;
  filter: DeliveryFilter;
  onClear: () => void;
}

/** The list, and above it whether it is live. */
export function LiveDeliveries({ organizationId, filter, onClear }: Props) {
  const [isLive, setLive] = useState(true);
  const live = useLiveDeliveries(organizationId, filter, isLive);
  const { list, rows, changes, update } = live;
  const top = useRef<HTMLDivElement>(null);
  const isEmpty = list.isSuccess && rows.length === 0;
  // Nothing is being read that could move.
  useEffect(() => {
    if (isEmpty && changes.added > 0) void update();
  }, [isEmpty, changes.added, update]);
  const show = () => {
    void update();
    if ((top.current?.getBoundingClientRect().top ?? 0) < 0) top.current?.scrollIntoView();
    top.current?.focus({ preventScroll: true });
  };
  return (
    <div ref={top} tabIndex={-1} className="list-top">
      <Card flush>
        <LiveBar
          isLive={isLive}
          isAway={live.isAway}
          changes={changes}
          onToggle={() => setLive(!isLive)}
          onUpdate={show}
        />
        <Loaded query={list}>
          {() =>
            isEmpty ? (
              <Nothing isFiltered={Object.keys(filter).length > 0} onClear={onClear} />
            ) : (
              <>
                <DeliveryRows
                  organizationId={organizationId}
                  deliveries={rows}
                  current={live.current}
                  onEnd={live.more}
                  onLook={live.look}
                />
                <ListEnd query={list}>{endWords(rows.length, live)}</ListEnd>
              </>
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function endWords(count: number, { hasMore, isFull }: { hasMore: boolean; isFull: boolean }): string {
  if (isFull) return `${number(count)} shown. Narrow the filter to see older ones.`;
  return `${number(count)} shown${hasMore ? '; more come as you scroll.' : '; that is all.'}`;
}

const Nothing = ({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) =>
  isFiltered ? (
    <Empty icon="search" title="Nothing matches" action={<Button onClick={onClear}>Clear the filters</Button>}>
      No delivery of this organization is like that.
    </Empty>
  ) : (
    <Empty icon="deliveries" title="No delivery yet">
      As soon as a lead takes a step that an endpoint is subscribed to, it shows here.
    </Empty>
  );
