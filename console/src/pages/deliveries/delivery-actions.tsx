import { useState } from 'react';
import { api, type Delivery, unwrap } from '../../api/client.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Confirm } from '../../components/dialog.tsx';

interface Props {
  organizationId: string;
  delivery: Delivery;
}

export const isSettled = ({ status }: Delivery): boolean => status === 'delivered' || status === 'abandoned';

/** Skip what is not settled, resend what is: each in a place of its own, since a delivery settles by itself. */
export function DeliveryActions(props: Props) {
  if (!useMayChange()) return null;
  return (
    <>
      <Skip {...props} />
      <Resend {...props} />
    </>
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
    <Button
      kind="primary"
      disabled={!isSettled(delivery) || isGone || resend.isPending}
      onClick={() => resend.mutate()}
    >
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
      <Button size={size} disabled={isSettled(delivery)} onClick={() => setAsking(true)}>
        Skip …
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Skip ${delivery.event} #${delivery.sequence}`}
        action="Skip it"
        danger
        busy={skip.isPending || isSettled(delivery)}
        onConfirm={() => skip.mutate()}
      >
        <p>
          This one delivery is abandoned with the reason <code>skipped</code>; the receiver never gets it, unless you
          resend it later, outside the order. What waits behind it goes on at once.
        </p>
        {isSettled(delivery) && <p role="status">It is {delivery.status} by now: there is nothing left to skip.</p>}
        {delivery.status === 'delivering' && (
          <p>It is under way now: it is skipped after the answer, unless that is a success.</p>
        )}
      </Confirm>
    </>
  );
}
