import { useQuery } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, inOrganization, messageFor, type Schemas, unwrap } from '../../api/client.ts';
import { organizationQuery } from '../../api/queries.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { isOperator } from '../../app/session.ts';
import { Button } from '../../components/button.tsx';
import { Field, Input } from '../../components/field.tsx';
import { Card, Loaded } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';

export function OrganizationForm({ organizationId }: { organizationId: string }) {
  const query = useQuery(organizationQuery(organizationId));
  return (
    <Card title="Organization">
      <Loaded query={query} rows={3}>
        {(organization) => <Form key={organization.updated_at} organization={organization} />}
      </Loaded>
    </Card>
  );
}

const tiers = ['starter', 'premium', 'ultimate'].map((value) => ({ value, label: value }));

const addresses = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .map((address) => address.trim())
    .filter((address) => address !== '');

function Form({ organization }: { organization: Schemas['Organization'] }) {
  const [name, setName] = useState(organization.name ?? '');
  const [notify, setNotify] = useState(organization.notify.join('\n'));
  const [tier, setTier] = useState(organization.tier);
  const { caller } = useRouteContext({ from: '/shell' });
  const mayChange = useMayChange();
  const save = useSave(organization.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // An organization's own key may not send its tier.
    save.mutate({ name: name === '' ? null : name, notify: addresses(notify), ...(isOperator(caller) && { tier }) });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label="Name">
        <Input
          className="input"
          value={name}
          maxLength={200}
          readOnly={!mayChange}
          onChange={(e) => setName(e.target.value)}
        />
      </Field>
      <Field
        label="Mails about failing endpoints go to"
        hint="One address a line."
        error={messageFor(save.error, 'notify')}
      >
        <Input
          render={<textarea rows={3} />}
          className="textarea"
          value={notify}
          readOnly={!mayChange}
          onChange={(e) => setNotify(e.target.value)}
        />
      </Field>
      {isOperator(caller) && (
        <Field label="Tier">
          <Select label="Tier" value={tier} options={tiers} onChange={(chosen) => setTier(chosen as typeof tier)} />
        </Field>
      )}
      {mayChange && (
        <div>
          <Button type="submit" disabled={save.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}

const useSave = (organizationId: string) =>
  useAction({
    run: (body: Schemas['OrganizationChange']) =>
      unwrap(api.PUT('/v1/organizations/{organizationId}', { ...inOrganization(organizationId), body })),
    refresh: [organizationId, 'organization'],
    done: 'Saved',
    failed: 'Not saved',
  });
