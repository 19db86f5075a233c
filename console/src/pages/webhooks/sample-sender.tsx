import { api, type Schemas, unwrap } from '../../api/client.ts';
import { useAction } from '../../app/action.ts';
import { eventNames } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { Code } from '../../components/code.tsx';
import { Notice } from '../../components/page.tsx';
import { duration } from '../../components/time.tsx';

interface Props {
  organizationId: string;
  endpointId: string;
  event: string;
}

/** A button that sends one signed sample now, and how that was answered. */
export function SampleSender({ organizationId, endpointId, event }: Props) {
  const name = eventNames.find((known) => known === event);
  const test = useAction({
    run: () =>
      unwrap(
        api.POST('/v1/organizations/{organizationId}/endpoints/{endpointId}/test', {
          params: { path: { organizationId, endpointId } },
          body: name === undefined ? {} : { event: name },
        }),
      ),
    done: 'The sample was sent',
    failed: 'Not sent',
  });
  return (
    <>
      <div>
        <Button kind="primary" disabled={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? 'Waiting for the answer …' : 'Send'}
        </Button>
      </div>
      {test.data && <Result result={test.data} />}
    </>
  );
}

function Result({ result }: { result: Schemas['EndpointTest'] }) {
  const { status_code, duration_ms, body, signature, error } = result;
  const isGood = status_code !== null && status_code >= 200 && status_code < 300;
  return (
    <div className="stack" role="status">
      <Notice tone={isGood ? 'good' : 'bad'}>
        <strong>{status_code === null ? 'No answer' : `Answered ${status_code}`}</strong> after {duration(duration_ms)}.{' '}
        {error ?? (isGood ? 'A real event would be delivered.' : 'A real event would not be delivered by this answer.')}
      </Notice>
      <Code title="X-Spark360-Signature that was sent" text={signature} wrap />
      {body && <Code title="Response body (first 4 KiB)" text={body} wrap />}
    </div>
  );
}
