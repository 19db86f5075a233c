import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Field, Input } from '../../components/field.tsx';
import { Card, Empty, Notice, Page } from '../../components/page.tsx';
import { Snippets } from '../webhooks/snippets.tsx';
import { type Check, type Given, verify } from './verify.ts';

const tones = { passed: 'good', failed: 'bad', skipped: undefined } as const;

/** Which check of a request fails, and the usual cause. Everything is computed in this page. */
export function SignaturePage() {
  const [checks, setChecks] = useState<Check[] | null>(null);
  const findings = useRef<HTMLDivElement>(null);
  // On a narrow screen they are below the form.
  useEffect(() => {
    if (checks !== null) findings.current?.scrollIntoView({ block: 'nearest' });
  }, [checks]);
  const check = async (given: Given) => setChecks(await verify(given, Date.now()));
  return (
    <Page title="Signature debugger" subtitle="Paste what your receiver got, and see which check fails.">
      <Notice tone="info">
        The secret stays in this page: the signatures are computed by your browser, and nothing is sent.
      </Notice>
      <div className="halves">
        <Card title="The request">
          <RequestForm onCheck={(given) => void check(given)} />
        </Card>
        <div className="stack">
          <div ref={findings}>
            <Findings checks={checks} />
          </div>
          <Card title="A receiver to copy">
            <Snippets />
          </Card>
        </div>
      </div>
    </Page>
  );
}

function RequestForm({ onCheck }: { onCheck: (given: Given) => void }) {
  const [given, setGiven] = useState<Given>({ secret: '', headers: '', body: '' });
  const set = (name: keyof Given) => (event: { target: { value: string } }) =>
    setGiven({ ...given, [name]: event.target.value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onCheck(given);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label="Signing secret">
        <Input
          className="input mono"
          autoComplete="off"
          placeholder="whsec_…"
          value={given.secret}
          onChange={set('secret')}
        />
      </Field>
      <Field label="Headers" hint="One a line, as they arrived.">
        <Input
          render={<textarea rows={7} spellCheck={false} />}
          className="textarea"
          placeholder={'webhook-id: …\nwebhook-timestamp: …\nwebhook-signature: v1,…\nX-Spark360-Signature: sha256=…'}
          value={given.headers}
          onChange={set('headers')}
        />
      </Field>
      <Field label="Body" hint="The raw bytes, before any JSON parser.">
        <Input
          render={<textarea rows={8} spellCheck={false} />}
          className="textarea"
          placeholder='{"event":"lead.enriched",…}'
          value={given.body}
          onChange={set('body')}
        />
      </Field>
      <Button kind="primary" type="submit" disabled={given.secret === '' || given.headers === ''}>
        Check
      </Button>
    </form>
  );
}

const Findings = ({ checks }: { checks: Check[] | null }) => (
  <Card title="What a verifier finds" flush>
    {checks === null ? (
      <Empty icon="signature" title="Nothing checked yet">
        Four checks: the secret, the time, and both signatures.
      </Empty>
    ) : (
      <ul className="attention" aria-live="polite">
        {checks.map(({ name, state, words }) => (
          <li key={name}>
            <Badge tone={tones[state]}>{state}</Badge>
            <div className="grow">
              <strong>{name}</strong>
              <div className="small muted">{words}</div>
            </div>
          </li>
        ))}
      </ul>
    )}
  </Card>
);
