import { useState } from 'react';
import { api, type Delivery, unwrap } from '../../api/client.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Confirm } from '../../components/dialog.tsx';

interface Props {
  organizationId: string;
  delivery: Delivery;
}

/** Resend what is settled, skip what is not. */
export function DeliveryActions({ organizationId, delivery }: Props) {
  if (!useMayChange()) return null;
  const isSettled = delivery.status === 'delivered' || delivery.status === 'abandoned';
  return isSettled ? (
    <Resend organizationId={organizationId} delivery={delivery} />
  ) : (
    <Skip organizationId={organizationId} delivery={delivery} />
  );
}

const path = ({ organizationId, delivery }: Props) => ({
  params: { path: { organizationId, deliveryId: delivery.id } },
});

function Resend(props: Props) {
  const { organizationId, delivery } = props;
  const isGone = delivery.payload === null || delivery.reason === 'endpoint_deleted';
  const resend = useAction({
    run: () => unwrap(api.POST('/v1/organizations/{organizationId}/deliveries/{deliveryId}/resend', path(props))),
    refresh: [organizationId, 'deliveries'],
    done: 'It is being sent once more',
    failed: 'Not sent again',
  });
  return (
    <Button kind="primary" disabled={isGone || resend.isPending} onClick={() => resend.mutate()}>
      Resend
    </Button>
  );
}

/** Gives an unsettled delivery up, after saying what that means. */
export function Skip({ size, ...props }: Props & { size?: 'small' }) {
  const { organizationId, delivery } = props;
  const [isAsking, setAsking] = useState(false);
  const skip = useAction({
    run: () => unwrap(api.POST('/v1/organizations/{organizationId}/deliveries/{deliveryId}/skip', path(props))),
    refresh: [organizationId],
    done: 'Skipped: what was behind it goes on',
    failed: 'Not skipped',
    onDone: () => setAsking(false),
  });
  return (
    <>
      <Button size={size} onClick={() => setAsking(true)}>
        Skip …
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Skip ${delivery.event} #${delivery.sequence}`}
        action="Skip it"
        danger
        busy={skip.isPending}
        onConfirm={() => skip.mutate()}
      >
        <p>
          This one delivery is abandoned with the reason <code>skipped</code>; the receiver never gets it, unless you
          resend it later, outside the order. What waits behind it goes on at once.
        </p>
        {delivery.status === 'delivering' && (
          <p>It is under way now: it is skipped after the answer, unless that is a success.</p>
        )}
      </Confirm>
    </>
  );
}
